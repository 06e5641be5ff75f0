"""What will be, and what is not as it should be: series of days, their forecast, what stands out of them.

Comes in: amounts a day, from the ledger or from a table. Goes out: forecasts with bands, and what needs a look.
"""
