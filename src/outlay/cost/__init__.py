"""Cost: usage times price, and what was estimated against what was billed.

Comes in: usage and the price book. Goes out: `price_vector`, `observation`, `rollup_day`, `rollup_hour`,
`rollup_user_month`, `rollup_usage_month`, `reconciliation`.
"""
