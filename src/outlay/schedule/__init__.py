"""Schedule: sources that are imported again and again, how fresh each is, and findings when one falls silent.

Comes in: `outlay.toml`, a clock, and the store. Goes out: imports, rows of `source_run`, `lease` and `finding`.
"""
