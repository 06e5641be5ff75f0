"""Reconciling: what AI providers billed is held against usage times price, and the gap is cut into named parts.

Comes in: the month's bill lines, usage as the run priced it, the price book. Goes out: rows of `reconciliation`,
`gap_evidence` and `calibrated_cost`. In order: `meters` says what a line of a bill counts, `billed` and `seen` gather
both sides into cells, `timing` finds what was billed on another day, `causes` cuts each cell's gap, `evidence` says
how, `calibration` scales usage to the invoice. Quantity comes first, then price. All arithmetic is in whole numbers:
money in 1e-12 of the currency, quantities in 1e-9 of the unit.
"""
