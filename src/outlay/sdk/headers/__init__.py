"""Headers: who causes what, as text that travels with requests and messages, and what of it may be believed.

Comes in: header values, from anybody. Goes out: names and values inside narrow limits, or the count of what was not.
"""
