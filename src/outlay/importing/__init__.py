"""What every import has in common: small CSV tables, files that are known again, and the rows that make it count.

Comes in: files, and what a room made of their lines. Goes out: rows of `source_file`, `problem` and `take_in`.
"""
