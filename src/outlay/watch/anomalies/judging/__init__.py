"""Judging: each day of each series against the days before it, all series side by side.

Comes in: amounts as arrays of one row a series and one column a day. Goes out: which of them stand out, and how.
"""
