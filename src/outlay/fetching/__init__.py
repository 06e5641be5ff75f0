"""Fetching: vendors' APIs, asked patiently, page by page, and what they answered, kept.

Comes in: addresses, keys from the environment, and what to ask. Goes out: JSON whose numbers are exact, or one of our
errors. Nothing here knows a bill, and no secret is stored, logged or put into a message.
"""
