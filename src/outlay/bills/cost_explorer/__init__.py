"""AWS Cost Explorer: the bridge until a cost export runs. Each request costs 0.01 USD, and so does each page of one.

Comes in: months and two dimensions at most. Goes out: rows of charges, AWS's own total, and what asking cost.
"""
