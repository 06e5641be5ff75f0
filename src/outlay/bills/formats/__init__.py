"""Formats: what importers of files share, and what they read beside their files.

Comes in: options, and files that are no bills themselves. Goes out: column names, mappings, prices.
"""
