"""Voyage AI: embeddings and reranking, of text, images and video.

Text is billed by the token and pictures by the pixel; the total turns pixels into tokens, which nobody bills.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._reading import Reading

_PIXELS = ("image_pixels", "video_pixels")


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if not isinstance(body.get("usage"), Mapping):
        return None
    usage = reading.part("usage")
    if not usage.says("total_tokens", *_PIXELS):
        return None
    total, text = usage.stated("total_tokens"), usage.count("text_tokens")
    if usage.says(*_PIXELS):
        reading.add("input", text)
        reading.add("input_pixel", usage.count("image_pixels") + usage.count("video_pixels"))
        reading.outside = min(text - (total or 0), 0)
    else:
        reading.add("input", total or text)
    usage.close()
    return reading.vector(total)


def _marks(body: Mapping[object, object]) -> bool:
    usage = body.get("usage")
    return isinstance(usage, Mapping) and any(name in usage for name in _PIXELS)


DIALECT = Dialect(also=("voyage", "voyage_ai"), marks=_marks, read=_read)
