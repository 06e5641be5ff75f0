"""Bills: invoices and cost exports in, charges out, every line accounted for.

Comes in: files. Goes out: rows of `charge`, `problem`, `partition`, `source_file` and `take_in`.
"""
