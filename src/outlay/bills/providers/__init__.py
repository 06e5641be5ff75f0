"""What providers of models say they charged: their cost and usage reports, as charges.

Comes in: pages of reports. Goes out: a row per bucket of time and group, with the tokens of its class beside the cost.
"""
