"""State: how fresh each scheduled source is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outlay.schedule.alarms import Finding, judge, spoken
from outlay.schedule.config import Source
from outlay.schedule.runs import FAILED, due_at, failures, history, last_success
from outlay.store import Row, Store


@dataclass(frozen=True, slots=True)
class State:
    """How fresh sources are.

    Args:
        sources: One row each: its last run, last success, newest day, when it is due, and the rules of its findings.
        findings: What is wrong with them.
    """

    sources: list[Row]
    findings: list[Finding]

    def alarms_of(self, source: object) -> list[str]:
        """Return the rules of a source's findings."""
        return sorted(finding.rule for finding in self.findings if finding.subject == source)


def state(store: Store, sources: Sequence[Source], now: datetime, *, keep: bool = True) -> State:
    """Return how fresh sources are, and what is wrong with them.

    Args:
        store: Where their runs are.
        sources: The scheduled sources.
        now: The instant.
        keep: Whether findings that are new or no longer hold are recorded.
    """
    runs = history(store, sources, now)
    found = judge(store, sources, runs, now, keep=keep)
    answer = State([], found)
    for source in sources:
        own = runs[source.name]
        last, success = own[-1] if own else None, last_success(own)
        failed = last is not None and last.outcome == FAILED
        answer.sources.append(
            {
                "source": source.name,
                "import": source.importer,
                "every": spoken(source.every),
                "state": last.outcome if last else "never run",
                "last_run": last.began_at if last else None,
                "last_success": success.began_at if success else None,
                "newest_day": success.newest_day if success else None,
                "days_behind": (now.date() - success.newest_day).days if success and success.newest_day else None,
                "landed": success.landed if success else None,
                "next_run": due_at(source, own, now) if own else None,
                "failures": failures(own),
                "last_error": last.error if last and failed else None,
                "error_code": last.error_code if last and failed else None,
                "alarms": answer.alarms_of(source.name),
            }
        )
    return answer
