"""The wire: a usage event as JSON, alone or inside a CloudEvent. Standard library only, because the SDK carries it.

Comes in: decoded JSON. Goes out: checked fields, or a `Fault` that says which field to mend. Prompt and response
content is dropped here, before anything can keep it.
"""
