"""Serve: what a person or a program reads. The API, the page drawn from it, and the one encoding of both and the CLI.

Comes in: the answers of `explain`, and what a query string asks. Goes out: JSON and HTML, on the loopback address.
"""
