"""Allocate: charges in, shares out. Ordered rules gather charges into pools and split them by drivers.

Comes in: `charge`, `rollup_day` and the rules. Goes out: `assignment`, `pool`, `driver`, `share`,
`rollup_ledger`, `rollup_ledger_month`, `rollup_coverage`, `conservation`.
"""
