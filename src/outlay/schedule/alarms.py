"""Alarms: a source that stopped, fails, or succeeds and brings no new days, is a finding the same day.

A finding is opened when its condition first holds and closed when it no longer does; what is known about it in between
is recorded only when it changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from outlay.schedule.config import Source
from outlay.schedule.runs import FAILED, Run, due_at, failures, last_success
from outlay.store import Store

STOPPED, FAILING, SILENT = "source-stopped", "source-failing", "source-silent"
_RULES = "source-%"
#: How long after it was due a source may be late.
_GRACE = timedelta(hours=12)
#: Failures in a row that are no passing trouble.
_SEVERAL = 3
#: Errors that somebody has to mend.
_LASTING = frozenset(
    {"denied", "not-allowed", "expired-token", "clock-skew", "no-key", "bad-key", "bad-endpoint", "plain-http"}
    | {"no-boto3", "bad-config", "bad-input", "unknown-name", "bad-option", "no-file", "missing-column"}
)
#: Days that a source may be behind while it is not known how far it usually is.
_USUAL_DAYS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule states; the columns of `finding`."""

    finding: str
    recorded_at: datetime
    rule: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None
    severity: str
    amount: Decimal | None
    currency: str | None
    evidence: str
    fix: str


def judge(
    store: Store, sources: Sequence[Source], runs: Mapping[str, Sequence[Run]], now: datetime, *, keep: bool = True
) -> list[Finding]:
    """Return the findings about sources that are open now.

    Args:
        store: Where findings are.
        sources: All scheduled sources; findings about others are closed.
        runs: Their runs, the newest last.
        now: The instant.
        keep: Whether to record what is new, has changed or no longer holds.
    """
    open_: dict[tuple[str, str], Finding] = {}
    for row in store.rows("schedule/findings", {"rules": _RULES}):
        values: dict[str, Any] = row
        open_[values["rule"], values["subject"]] = Finding(**values)
    found: list[Finding] = []
    changed: list[Finding] = []
    for stated in (each for source in sources for each in _stated(source, runs[source.name], now)):
        earlier = open_.pop((stated.rule, stated.subject), None)
        if earlier is None:
            changed.append(stated)
            found.append(stated)
            continue
        same = replace(stated, finding=earlier.finding, opened_at=earlier.opened_at)
        found.append(same)
        if (earlier.severity, earlier.evidence, earlier.fix) != (same.severity, same.evidence, same.fix):
            changed.append(same)
    changed += [replace(gone, recorded_at=now, closed_at=now) for gone in open_.values()]
    if keep and changed:
        store.insert("finding", [asdict(each) for each in changed])
    return found


def _stated(source: Source, runs: Sequence[Run], now: datetime) -> Iterator[Finding]:
    """Yield what is wrong with one source."""

    def finding(rule: str, severity: str, evidence: str, fix: str) -> Finding:
        ident = f"{rule} {source.name} {now:%Y-%m-%dT%H:%M:%SZ}"
        return Finding(ident, now, rule, source.name, now, None, severity, None, None, evidence, fix)

    if not runs:
        return
    failed, success = failures(runs), last_success(runs)
    if failed and (failed >= _SEVERAL or runs[-1].error_code in _LASTING):
        times = "once" if failed == 1 else f"{failed} times in a row"
        evidence = f"failed {times}, last with {runs[-1].error_code}: {runs[-1].error}"
        yield finding(FAILING, "warning", evidence, "mend what the error names; it is tried again by itself")
    due = success.began_at + source.every if success else runs[0].began_at
    if now > due + min(source.every, _GRACE) and (
        failed or now > due_at(source, runs, now) + min(source.every, _GRACE)
    ):
        since = f"last succeeded at {success.began_at:%Y-%m-%d %H:%M} UTC" if success else "never succeeded"
        fix = (
            "see its last error in `outlay sources`" if failed else "start `outlay import --watch`, or see why it ended"
        )
        yield finding(STOPPED, "critical", f"{since}, and is imported every {spoken(source.every)}", fix)
    if success and success.newest_day and not failed:
        behind, usual = (now.date() - success.newest_day).days, _usual(source, runs)
        if behind > usual:
            evidence = f"its newest day is {success.newest_day}, {behind} days ago; usually at most {usual}"
            fix = "see whether the vendor still writes what is imported; a new export may have another place"
            yield finding(SILENT, "warning", evidence, fix)


def _usual(source: Source, runs: Sequence[Run]) -> int:
    """Return by how many days the newest day is usually behind at most, plus one.

    It is what `settle` says, or the most that was seen before the newest day last moved on.
    """
    if source.settle is not None:
        return -(-source.settle // timedelta(days=1)) + 1
    good = [run for run in runs if run.outcome != FAILED and run.newest_day]
    newest = good[-1].newest_day
    seen = [(run.ended_at.date() - run.newest_day).days for run in good if run.newest_day and run.newest_day != newest]
    if not seen:
        first = good[0]
        seen = [(first.ended_at.date() - first.newest_day).days] if first.newest_day else []
        return max(_USUAL_DAYS, *seen, -(-source.every // timedelta(days=1)) + 1)
    return max(*seen, -(-source.every // timedelta(days=1))) + 1


def spoken(length: timedelta) -> str:
    """Write a length of time as the configuration does.

    >>> spoken(timedelta(hours=6)), spoken(timedelta(days=1)), spoken(timedelta(minutes=90))
    ('6h', '1d', '90m')
    """
    minutes = length // timedelta(minutes=1)
    for word, size in (("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{word}"
    return f"{minutes}m"
