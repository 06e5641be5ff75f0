"""Cohere: chat, embeddings, reranking, classification, pages.

It states both what it counted and what it bills; what it bills is what counts. There is no grand total.
"""

from collections.abc import Mapping

from outlay.wire.dialects import Dialect, UsageVector
from outlay.wire.dialects._inclusive import Prompt
from outlay.wire.dialects._reading import Reading

_OTHER = {
    "search_units": "rerank_search",
    "classifications": "classification",
    "images": "image",
    "pages": "page",
}


def _read(reading: Reading, body: Mapping[object, object]) -> UsageVector | None:
    if not _marks(body):
        return None
    reading.response_id = reading.text("id", "generation_id", "response_id")
    usage = reading.part("usage", "meta")
    billed, counted = usage.part("billed_units"), usage.part("tokens")
    told = billed or counted
    pictures = told.count("image_tokens")
    Prompt(
        told.count("input_tokens") or told.count("text_tokens") + pictures,
        told.at("input_tokens"),
        {"image": pictures} if pictures else {},
        usage.count("cached_tokens"),
    ).count_into(reading)
    reading.add("output", told.count("output_tokens"))
    for name, unit in _OTHER.items():
        reading.add(unit, told.amount(name))
    if pictures:
        # Pictures are billed by their tokens where those are stated.
        reading.units.pop("image", None)
    told.close()
    usage.close()
    return reading.vector()


def _marks(body: Mapping[object, object]) -> bool:
    return any(
        isinstance(told := body.get(name), Mapping)
        and any(isinstance(told.get(part), Mapping) for part in ("billed_units", "tokens"))
        for name in ("usage", "meta")
    )


DIALECT = Dialect(also=("cohere_ai",), marks=_marks, read=_read)
