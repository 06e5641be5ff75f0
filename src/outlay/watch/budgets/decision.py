"""Decisions: whether a call for a customer, a feature and a user may still be made, told from memory.

A caller that wants to hold back asks before each call, so the answer must not wait for the store. What was spent is
read now and then; in between, decisions are made from what was read last, and say of when that is.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Any

from outlay.errors import OutlayError
from outlay.store import Store
from outlay.watch.budgets.budget import Budgets
from outlay.watch.budgets.standing import OVER, WARN, Standing, standings

ALLOW, WARNED, DENY = "allow", "warn", "deny"
_log = logging.getLogger("outlay.budgets")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something may be spent.

    Args:
        decision: `allow`, `warn` or `deny`.
        budgets: Those that warn or deny, with why; the worst first.
        as_of: The instant of which spending is known.
    """

    decision: str
    budgets: Sequence[Mapping[str, Any]]
    as_of: datetime


class Decisions:
    """Answers for callers, from what was last read.

    Args:
        standing: How budgets stand.
        as_of: When.
    """

    def __init__(self, standing: Sequence[Standing], as_of: datetime) -> None:
        self.as_of = as_of
        #: By the dimensions of a scope, then by their values: thousands of customers take no longer than one.
        self._troubled: dict[tuple[str, ...], dict[tuple[str | None, ...], list[Standing]]] = {}
        for one in standing:
            if one.state in (WARN, OVER):
                held = self._troubled.setdefault(tuple(one.scope), {})
                held.setdefault(tuple(one.scope.values()), []).append(one)

    def decide(self, asked: Mapping[str, str]) -> Decision:
        """Decide for what is asked for.

        A budget counts when its scope says nothing else than what is asked for. Whoever leaves out the customer is not
        held to the budgets of customers.

        Args:
            asked: Value by dimension: `customer`, `feature`, `user` and others that budgets are for.
        """
        found = [
            one
            for names, held in self._troubled.items()
            for one in held.get(tuple(asked.get(name) for name in names), ())
        ]
        words = {DENY: 2, WARNED: 1}
        told = [(DENY if one.state == OVER and one.deny else WARNED, one) for one in found]
        told.sort(key=lambda pair: (-words[pair[0]], -pair[1].part, pair[1].budget))
        listed = [
            {
                "budget": one.budget,
                "decision": word,
                "scope": one.scope,
                "spent": one.spent,
                "amount": one.amount,
                "currency": one.currency,
                "reason": one.reason,
            }
            for word, one in told
        ]
        return Decision(told[0][0] if told else ALLOW, listed, self.as_of)


class Kept:
    """Decisions that are read anew in the background when they are asked for and old; only the first ask waits.

    Args:
        store: Holds the published ledger.
        budgets: Says which budgets there are.
        clock: Says what time it is, UTC.
        every: For how long what was read is good.
    """

    def __init__(
        self,
        store: Store,
        budgets: Callable[[], Budgets],
        clock: Callable[[], datetime],
        every: timedelta = timedelta(seconds=30),
    ) -> None:
        self._store, self._budgets, self._clock, self._every = store, budgets, clock, every
        self._reading = Lock()
        self._last: Decisions | None = None

    def now(self) -> Decisions:
        """Return the decisions of now, or of a little while ago."""
        last = self._last
        if last is None:
            with self._reading:
                return self._last or self._read()
        if self._clock() - last.as_of >= self._every and self._reading.acquire(blocking=False):
            Thread(target=self._read_again, name="outlay-budgets", daemon=True).start()
        return last

    def _read(self) -> Decisions:
        now = self._clock()
        self._last = Decisions(standings(self._store, self._budgets().monthly, now.date()), now)
        return self._last

    def _read_again(self) -> None:
        try:
            self._read()
        except OutlayError:
            _log.exception("budgets could not be read; decisions go on as of %s", self._last and self._last.as_of)
        finally:
            self._reading.release()
