"""Review: what a person asks the price book before relying on it. Reads and compares; never writes a price.

Comes in: a book, usage, another price list. Goes out: prices with their history, changes, findings, disagreements.
"""
