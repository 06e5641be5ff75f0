"""Units: the disjoint buckets in which usage is counted.

A token belongs to exactly one unit, so quantities of an event may be added. Anything that is not a token
(`page`, `read_unit`, `gpu_second`, `request`, ...) is a unit too, under its own name.
"""

#: The token units, each a column of the `usage` table. Order is the order of those columns.
TOKEN_UNITS = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write",
    "output",
    "output_reasoning",
    "output_rejected",
    "input_audio",
    "cache_read_audio",
    "output_audio",
    "input_image",
    "output_image",
    "input_video",
)

#: Units that a prompt is made of: they decide whether a long-context price holds.
PROMPT_UNITS = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write",
    "input_audio",
    "cache_read_audio",
    "input_image",
    "input_video",
)
