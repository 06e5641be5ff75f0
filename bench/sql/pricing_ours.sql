-- pricing_ours: the view that runs read.
SELECT SUM(pico) FROM estimate
