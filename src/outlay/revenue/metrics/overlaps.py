"""Overlaps: no instant of a metric is measured twice, once by day and once by month, say."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from outlay.revenue.contract import Asked, Line
from outlay.store import Store
from outlay.terms.problem import Problem

_Span = tuple[datetime, datetime]


def refuse(store: Store, lines: Sequence[Line], asked: Asked) -> Sequence[Line]:
    """Return the lines, those as problems whose period overlaps another that is not the same.

    The same period of the same metric restates; one that overlaps would count some time twice.
    """
    spans = [_span(row) for line in lines for row in line.rows]
    if not spans:
        return lines
    reach = {"first": min(begins for begins, _ in spans), "end": max(ends for _, ends in spans)}
    held: dict[str, list[_Span]] = {}
    for row in store.rows("revenue/metric_periods", reach):
        held.setdefault(cast(str, row["metric"]), []).append(_span(row))
    for known in held.values():
        known.sort()
    return [_judged(line, held, asked.files) for line in lines]


def _judged(line: Line, known: dict[str, list[_Span]], files: Sequence[str]) -> Line:
    """Return a line as it shall stand, and remember its periods where they may."""
    for row in line.rows:
        spans = known.setdefault(cast(str, row["metric"]), [])
        own = _span(row)
        place = bisect_left(spans, own)
        if place < len(spans) and spans[place] == own:
            continue
        beside = [*spans[max(0, place - 1) : place + 1]]
        if any(begins < own[1] and own[0] < ends for begins, ends in beside):
            return replace(line, rows=(), problem=_problem(line, row, files[line.file - 1]))
        insort(spans, own)
    return line


def _problem(line: Line, row: object, file: str) -> Problem:
    said = cast("dict[str, object]", row)
    value = f"{said['metric']} {said['starts_at']:%Y-%m-%dT%H:%MZ}..{said['ends_at']:%Y-%m-%dT%H:%MZ}"
    fix = "measure it over the periods it has already, or give it another name"
    return Problem("overlapping-period", file, line.line, "starts_at", value[:80], None, None, fix)


def _span(row: object) -> _Span:
    said = cast("dict[str, datetime]", row)
    return said["starts_at"], said["ends_at"]
