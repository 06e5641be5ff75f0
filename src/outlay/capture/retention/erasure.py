"""Erasure: a user's id is replaced, wherever it stands, by a pseudonym that nothing leads back from.

Rows stay, and so do all sums and counts: the pseudonym is one for all rows of the user, and nobody else has it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import cast

from outlay.capture.intake import Intake
from outlay.errors import BadInput, EngineFailed, Refused
from outlay.store import Row, Store
from outlay.store.statement import SEPARATOR
from outlay.store.tables import TABLES
from outlay.store.tables.columns import NAME, TAGS, TEXT

#: Columns that hold a user's id when they say exactly that, besides those named `user`.
_ALSO = frozenset(
    {"usage.session", "usage.tags", "arrival.session", "arrival.tags", "charge.tags", "charge.extra", "problem.value"}
)
#: Columns in whose text the id may be one of several. ClickHouse sorts by them, so their rows are written anew.
_SIGNATURE, _PART = "assignment.signature", "driver.part"
#: So many texts are replaced at a time.
_BATCH = 1_000
#: As much is kept of what stood in a line that is a problem.
_MOST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a user's id.

    Args:
        pseudonym: What stands in its place now; None when nothing was replaced.
        rows: By `table.column`, in how many rows it stood.
        sessions: How many sessions of the user were given other names.
        elsewhere: By `table.column`, in how many rows the same text stands and was left, as it means another thing
            there.
        rules: Allocation rules that name it; they are settings, and were left.
    """

    pseudonym: str | None
    rows: dict[str, int]
    sessions: int
    elsewhere: dict[str, int]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """Rows that are written anew, and what names those they replace."""

    table: str
    rows: list[Row]
    replaced: list[dict[str, str]]


def erase(store: Store, user: str, *, now: datetime, dry_run: bool = False, actor: str = "local") -> Erased:
    """Replace a user's id in events, ledgers, roll-ups, problems and tags of bills by a fresh pseudonym.

    The sessions that the user was seen in get other names too. Ids of traces, spans, calls, answers and events stay:
    each names a request. No amount, count or total changes, nor the number of users.

    Args:
        store: Holds all that is to be changed.
        user: The id, exactly as events carry it.
        now: The instant.
        dry_run: Only say what would be done.
        actor: Who asks for it, for the audit; the audit never says who was erased.

    Returns:
        What was replaced, and what was left.

    Raises:
        BadInput: No id was given (`no-user`).
        Refused: Nothing holds this id (`no-such-user`).
        EngineFailed: The store failed. DuckDB is as it was then; ClickHouse has done a part: ask again.
    """
    if not user.strip():
        raise BadInput("no user is named", fix="give the id as events carry it", code="no-user")
    with store.transaction():
        rows, elsewhere = _found(store, user)
        rules = tuple(str(row["rule"]) for row in store.rows("capture/rules_naming", {"text": json.dumps(user)}))
        pseudonym = _fresh()
        problems = _problems(store, user, pseudonym)
        if problems:
            rows["problem.value"] = store.holding("problem", ["value"], list(problems))["value"]
        rewritten = _rewritten(store, user, pseudonym, tagged="charge.tags" in rows)
        rows |= {name: len(one.rows) for name, one in rewritten.items()}
        if not rows and not elsewhere and not rules:
            raise Refused(
                f"nothing in the store names the user {user!r}",
                fix="give the id exactly as events carry it; where programs hash ids, its hash",
                code="no-such-user",
            )
        sessions = {cast(str, row["session"]): _fresh() for row in store.rows("capture/sessions_of", {"user": user})}
        sessions.pop(user, None)
        replaced = bool(rows) and not dry_run
        if replaced:
            for one in rewritten.values():
                store.insert(one.table, one.rows)
            _put(store, "problem.value", problems)
            for name in rows.keys() - rewritten.keys() - {"problem.value"}:
                _put(store, name, {user: pseudonym})
            _put(store, "usage.session", sessions)
            for one in rewritten.values():
                for key in one.replaced:
                    store.delete(one.table, **key)
            effect = f"{sum(rows.values())} rows, {len(sessions)} sessions"
            act = {"done_at": now, "actor": actor, "action": "user-erased", "subject": pseudonym, "detail": effect}
            store.insert("audit", [act])
    return Erased(pseudonym if replaced else None, dict(sorted(rows.items())), len(sessions), elsewhere, rules)


def file_journal(store: Store, folder: Path) -> bool:
    """File what a collector has acknowledged and not filed, so that it can be erased like the rest.

    Args:
        store: Where it goes.
        folder: The collector's journal; it may be absent.

    Returns:
        Whether nothing is left there; False when a collector is running that has the folder. What that one files from
        here on stands under the old id.

    Raises:
        EngineFailed: It cannot be filed.
    """
    if not folder.is_dir():
        return True
    try:
        intake = Intake(store, folder)
    except EngineFailed as error:
        if error.code == "journal-held":
            return False
        raise
    intake.close()
    if intake.filing.failing:
        raise intake.filing.failing
    return True


def _fresh() -> str:
    return f"erased-{token_hex(6)}"


def _found(store: Store, user: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return where the id stands by itself, as `table.column`: as the user's id, and meaning another thing."""
    rows: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    texts = {table.name: [c.name for c in table.columns if c.kind in (NAME, TEXT, TAGS)] for table in TABLES}
    for table, columns in texts.items():
        for column, number in (store.holding(table, columns, [user]) if columns else {}).items():
            name = f"{table}.{column}"
            if number and name not in (_SIGNATURE, _PART):
                (rows if column == "user" or name in _ALSO else elsewhere)[name] = number
    return rows, elsewhere


def _problems(store: Store, user: str, pseudonym: str) -> dict[str, str]:
    """Return what stood in broken lines with the id in it as a word, and what to put in its place."""
    word = re.compile(rf"(?<![\w-]){re.escape(user)}(?![\w-])")
    values = [cast(str, row["value"]) for row in store.rows("capture/problems_naming", {"text": user})]
    return {value: word.sub(pseudonym, value)[:_MOST_VALUE] for value in values if word.search(value)}


def _rewritten(store: Store, user: str, pseudonym: str, *, tagged: bool) -> dict[str, _Rewritten]:
    """Return the rows that name the id among other texts, with the pseudonym in its place.

    What drives a split is compared without case. What rules looked at must go on to equal the bill's tags, so it is
    changed only with them.
    """
    found = {}
    signatures = store.rows("capture/signatures_naming", {"text": user}) if tagged else []
    parts = store.rows("capture/parts_naming", {"text": user.lower()})
    for name, rows, text in ((_SIGNATURE, signatures, user), (_PART, parts, user.lower())):
        table, _, column = name.partition(".")
        named = [row for row in rows if text in cast(str, row[column]).split(SEPARATOR)]
        if named:
            keys = {(cast(str, row["run"]), cast(str, row[column])): None for row in named}
            anew = [{**row, column: _without(cast(str, row[column]), text, pseudonym)} for row in named]
            anew = [{**row, "user": pseudonym if row["user"] == user else row["user"]} for row in anew]
            found[name] = _Rewritten(table, anew, [{"run": run, column: value} for run, value in keys])
    return found


def _without(joined: str, text: str, pseudonym: str) -> str:
    return SEPARATOR.join(pseudonym if one == text else one for one in joined.split(SEPARATOR))


def _put(store: Store, name: str, texts: Mapping[str, str]) -> None:
    """Replace texts in a column, some at a time."""
    table, _, column = name.partition(".")
    listed = iter(texts.items())
    while some := dict(islice(listed, _BATCH)):
        store.replace(table, column, some)
