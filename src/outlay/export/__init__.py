"""Export: the ledger, the bills and every table as files that others read.

Comes in: what the store holds. Goes out: CSV and Parquet files, added up again before they count.
"""
