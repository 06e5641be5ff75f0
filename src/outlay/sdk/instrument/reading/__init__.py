"""Reading: what a provider sent, understood as usage. Bytes become counters, counters become a usage event.

Comes in: an answer as it came over the wire, or what a client has decoded of it. Goes out: fields of usage events; what
no counter says is estimated, with bounds.
"""
