"""Explain: the ledger's answers. Each analysis is one file with its queries; none imports another.

Comes in: the published ledger. Goes out: frozen values and rows that `serve` and `cli` show as they are.
"""
