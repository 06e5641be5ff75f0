"""Prices: the dated price book. What was known when, for every model, unit, context and prompt size.

Comes in: price sources and overlay files. Goes out: rows of `price`, prices in force, vectors and quotes.
"""
