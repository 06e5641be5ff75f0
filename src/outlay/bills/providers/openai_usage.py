"""OpenAI's usage reports: tokens and calls of tools by day, project and model, for costs that do not say how many.

Comes in: pages of usage. Goes out: how many of each of our units.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from outlay.errors import SourceFailed
from outlay.fetching.listing import Listing
from outlay.fetching.reading import Part
from outlay.terms.period import Period

#: Day, project, model (None for tools) and unit.
Key = tuple[datetime, str | None, str | None, str]
_ROOT = "/v1/organization/usage/"
_BUCKETS = 31
_NOT_THERE = ("not-found", "not-allowed", "vendor-refused")


def _tokens(group: Part) -> Iterable[tuple[str, int]]:
    """Yield our units and how many of each; the vendor's totals hold their parts, ours do not."""
    told = group.count
    audio, image = told("input_audio_tokens"), told("input_image_tokens")
    cached_audio = told("input_cached_audio_tokens")  # cached images have no unit of ours: they stay in cache_read
    cached, written = told("input_cached_tokens"), told("input_cache_write_tokens")
    fresh = told("input_tokens") - cached - written if group.fields.get("input_uncached_tokens") is None else None
    yield "input", (told("input_uncached_tokens") if fresh is None else fresh) - audio - image
    yield "cache_read", cached - cached_audio
    yield "cache_write", written
    yield "cache_read_audio", cached_audio
    yield "input_audio", audio
    yield "input_image", image
    yield "output", told("output_tokens") - told("output_audio_tokens") - told("output_image_tokens")
    yield "output_audio", told("output_audio_tokens")
    yield "output_image", told("output_image_tokens")


@dataclass(frozen=True, slots=True)
class _Report:
    """One of the usage reports: its path, whether it knows models, what it counts, and of which units."""

    path: str
    by_model: bool
    counts: Callable[[Part], Iterable[tuple[str, int]]]
    units: frozenset[str]


_TOKEN_UNITS = frozenset(
    {"input", "cache_read", "cache_write", "cache_read_audio", "input_audio", "input_image", "output"}
    | {"output_audio", "output_image"}
)
_REPORTS = (
    _Report("completions", by_model=True, counts=_tokens, units=_TOKEN_UNITS),
    _Report("embeddings", by_model=True, counts=_tokens, units=frozenset({"input"})),
    _Report(
        "web_search_calls",
        by_model=False,
        counts=lambda group: [("web_search", group.count("num_requests"))],
        units=frozenset({"web_search"}),
    ),
    _Report(
        "file_search_calls",
        by_model=False,
        counts=lambda group: [("storage_search", group.count("num_requests"))],
        units=frozenset({"storage_search"}),
    ),
    _Report(
        "code_interpreter_sessions",
        by_model=False,
        counts=lambda group: [("code_execution", group.count("num_sessions"))],
        units=frozenset({"code_execution"}),
    ),
)


def usage_of(listing: Listing, days: Period, settled_on: date, units: set[str]) -> tuple[dict[Key, int], list[str]]:
    """Return what was used on days, by day, project, model and unit; and which reports this key may not read.

    Args:
        listing: Whom to ask.
        days: Of one month.
        settled_on: The day from which on nothing changes any more.
        units: Those that are wanted; reports that have none of them are not asked for.

    Raises:
        SourceFailed: OpenAI cannot be reached, or does not take the key.
    """
    found: dict[Key, int] = defaultdict(int)
    notes = []
    for report in _REPORTS:
        if not units & report.units:
            continue
        groups = ("project_id", "model") if report.by_model else ("project_id",)
        params = [
            ("start_time", str(int(days.starts_at.timestamp()))),
            ("end_time", str(int(days.ends_at.timestamp()))),
            ("bucket_width", "1d"),
            ("limit", str(_BUCKETS)),
            *(("group_by[]", name) for name in groups),
        ]
        try:
            pages = list(listing.pages(_ROOT + report.path, params, settled_on=settled_on))
        except SourceFailed as error:
            if error.code not in _NOT_THERE:
                raise
            notes.append(f"the usage report {report.path} cannot be read; lines that need it have no quantity")
            continue
        for bucket in (bucket for page in pages for bucket in page.parts("data")):
            for group in bucket.parts("results"):
                model = group.text("model") if report.by_model else None
                for unit, count in report.counts(group):
                    found[bucket.unix("start_time"), group.text("project_id"), model, unit] += count
    return dict(found), notes
