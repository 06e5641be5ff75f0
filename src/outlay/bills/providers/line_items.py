"""OpenAI's line items: a model and a class of its tokens, or the name of a tool.

Comes in: `gpt-4o-2024-08-06, cached input`. Goes out: the model, our unit, and how the call was processed.
"""

import re
from dataclasses import dataclass

_MODEL = re.compile(r"[a-z0-9][a-z0-9._:/-]*", re.IGNORECASE)
_UNITS = {
    "input": "input",
    "text input": "input",
    "uncached input": "input",
    "cached input": "cache_read",
    "cached text input": "cache_read",
    "input cached": "cache_read",
    "cache read": "cache_read",
    "cache write": "cache_write",
    "cache write input": "cache_write",
    "input cache write": "cache_write",
    "output": "output",
    "text output": "output",
    "reasoning output": "output_reasoning",
    "audio input": "input_audio",
    "input audio": "input_audio",
    "cached audio input": "cache_read_audio",
    "audio output": "output_audio",
    "output audio": "output_audio",
    "image input": "input_image",
    "input image": "input_image",
    "image output": "output_image",
    "output image": "output_image",
}
_TOOLS = {"web search": "web_search", "file search": "storage_search", "code interpreter": "code_execution"}
_PROCESSING = ("batch", "flex", "priority", "scale")


@dataclass(frozen=True, slots=True)
class LineItem:
    """What a line item says.

    Args:
        model: As events name it; None when the item is none of a model.
        meter: Our unit, or the vendor's own words where it is none of ours; None when it says none.
        is_unit: Whether `meter` is a unit of ours.
        processing: batch, flex, priority or scale; None when it says none.
    """

    model: str | None
    meter: str | None
    is_unit: bool = False
    processing: str | None = None


def read_line_item(text: str | None) -> LineItem:
    """Return what a line item says.

    >>> read_line_item("gpt-4o-2024-08-06, cached input")
    LineItem(model='gpt-4o-2024-08-06', meter='cache_read', is_unit=True, processing=None)
    >>> read_line_item("gpt-6-astra, input_tokens").meter, read_line_item("web search tool calls").meter
    ('input', 'web_search')
    """
    name, comma, words = (text or "").partition(",")
    whole = " ".join((text or "").lower().replace("_", " ").split())
    tool = next((unit for words_of, unit in _TOOLS.items() if words_of in whole), None)
    if tool:
        return LineItem(None, tool, is_unit=True)
    if not comma:
        return LineItem(name.strip() if _MODEL.fullmatch(name.strip()) else None, None)
    said = words.lower().replace("_", " ").replace("-", " ").split()
    processing = next((word for word in said if word in _PROCESSING), None)
    meter = " ".join(word for word in said if word not in (*_PROCESSING, "tokens", "token"))
    model = name.strip() if _MODEL.fullmatch(name.strip()) else None
    if meter in _UNITS:
        return LineItem(model, _UNITS[meter], is_unit=True, processing=processing)
    return LineItem(model, words.strip() or None, processing=processing)
