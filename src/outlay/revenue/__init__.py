"""Revenue: who pays what, in which segment, and when releases went out.

Comes in: CSV files. Goes out: rows of `customer`, `revenue`, `release`, `problem`, `source_file` and `take_in`.
"""
