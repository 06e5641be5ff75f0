"""Budgets: what may be spent a month, and what one call may use; who is over, and who will be.

Comes in: `[[budget]]` and `[[call_budget]]` tables, the ledger and usage. Goes out: how each stands, and decisions for
callers that want to hold back.
"""
