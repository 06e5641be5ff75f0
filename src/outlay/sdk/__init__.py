"""The SDK: what people put inside their own programs. Standard library only; it never raises into its host.

Comes in: who causes usage, and how much. Goes out: one line of JSON for each event, in the file its host names.
"""
