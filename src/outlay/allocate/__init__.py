"""Allocate: charges in, shares out. Ordered rules gather charges into pools and split them by drivers.

Comes in: `charge`, `rollup_day` and the rules. Goes out: `assignment`, `pool`, `share`, `rollup_ledger`,
`rollup_coverage`, `conservation`.
"""
