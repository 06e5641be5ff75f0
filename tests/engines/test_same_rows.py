import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import outlay
from outlay.allocate.passing import taking
from outlay.allocate.stage import driver_flags
from outlay.store import Row, Store
from outlay.store.ddl import view_names
from outlay.store.tables import RUN_TABLES
from outlay.terms.attribution import ATTRIBUTION
from tests.engines.world import OPEN, OPEN2, RULES, lay
from tests.laws.world import MONTH, NOW, at, ledger_of, opened, read, ruled

ROOMS = Path(outlay.__file__).parent
READER = re.compile(r"^-- engine: +reader", re.MULTILINE)
#: Every query that an engine runs: `room/name`. Queries of the file reader are written for DuckDB alone.
QUERIES = sorted(
    f"{path.parent.parent.name}/{path.stem}"
    for path in ROOMS.glob("*/sql/*.sql")
    if not path.name.startswith(("view_", "part_")) and not READER.search(path.read_text(encoding="utf-8"))
)
_HEADER = ("grain", "reads", "returns")


@dataclass(frozen=True)
class Asked:
    """One way to ask a query: what differs from the ordinary parameters, and its dimensions."""

    values: dict[str, Any] = field(default_factory=dict)
    table: str | None = None
    by: tuple[str, ...] = ()
    where: dict[str, str] = field(default_factory=dict)


def _of(table: str, *by: tuple[str, ...], where: dict[str, str]) -> list[Asked]:
    return [Asked(), Asked(table=table, where=where), *(Asked(table=table, by=dims) for dims in by)]


def _kept(table: str, *by: tuple[str, ...], where: dict[str, str]) -> list[Asked]:
    """Return the ways to ask a query that several tables answer."""
    return [Asked(table=table), *_of(table, *by, where=where)[1:]]


def _of_rules(*names: str) -> list[Asked]:
    rules = [rule for rule in ruled(RULES).rules if rule.name in names]
    return [Asked({**driver_flags(rule, {}, month), "run": OPEN}) for rule in rules for month in (0, 1)]


_IDS = {"trace": "t1", "response_id": "r3", "call": "c7", "id": "nothing"}
_FOLLOWED = [
    Asked({**asked.values, "run": None, "key": key, "closed": closed, "followed": followed, "in_provider": key})
    for asked in _of_rules("support")
    for key, closed, followed in ((0, "", ""), (1, "␟team␞a␟", ""), (0, "", "␟tags␟models␟"))
]
_ALL_POOLS = "".join(f",{number}" for number in range(400)) + ","
_BACK = {"driven": 1, "previous": 0, "run": OPEN2}
_LOOKED_AT = tuple(ruled(RULES).columns)
_SEEN = [Asked(flags.values | {"run": None}) for flags in _of_rules("models", "gpus")]
#: Queries that take dimensions, filters, or values of their own; the others are asked once with the ordinary ones.
ASKED: dict[str, list[Asked]] = {
    "allocate/pool": [Asked(table="charge", by=_LOOKED_AT)],
    "allocate/pool_taken": [
        Asked(taking(rule, {}, sides))
        for rule in ruled([{"name": "on", "from": {"team": ["a", "b"]}, "set": {"service": "=x"}}]).rules
        for sides in (1, 2)
    ],
    "allocate/pools_out": [Asked({"rule": "on"})],
    "allocate/pot": [
        *(Asked({**asked.values, **_BACK, "previous": n}) for asked in _of_rules("gpus") for n in (0, 1)),
        *(Asked({**asked.values, **_BACK, "driven": 0}) for asked in _of_rules("shared", "support")),
    ],
    "allocate/pools_again": [Asked({"base": OPEN, "run": "plan"})],
    "allocate/pools_moved": [Asked({"base": "none"}), Asked({"base": OPEN})],
    "allocate/plan_moved": [
        Asked({"base": base, "changed": "␟models␟tags␟gpus␟"}, "share", (name,))
        for base in (OPEN, "none")
        for name in ("team", "rule")
    ],
    "allocate/pots_of": [Asked({"rule": name, "run": OPEN}) for name in ("gpus", "support")],
    "allocate/pools_off": [Asked(), Asked({"run": OPEN})],
    "allocate/share_direct": [
        Asked({"run": OPEN, "rule": name, "give": give}) for name in ("support", "tags", "") for give in (0, 1)
    ],
    "allocate/driver_cost": _FOLLOWED,
    "allocate/driver_cost_by_pool": _FOLLOWED,
    "allocate/driver_idle": [Asked({**asked.values, "run": OPEN2}) for asked in _of_rules("gpus")],
    "allocate/driver_larger": [Asked({"run": OPEN, "one": "gpus", "other": "none", "rule": "r", "whole_month": 0})],
    "allocate/driver_metric": [
        Asked(
            {**flags, "metric": "requests", "whole_month": span, "measured_from": first, "measured_to": MONTH.ends_at}
        )
        for span, first in ((0, MONTH.first), (1, MONTH.first), (2, MONTH.first), (3, MONTH.first.replace(month=9)))
        for flags in [{**asked.values, "in_provider": 0, "in_model": 0, "run": None} for asked in _of_rules("gpus")[:1]]
    ],
    "allocate/driver_usage": _of_rules("gpus", "models"),
    "allocate/open_pools": [Asked({"run": OPEN, "rule": name}) for name in ("support", "tags")],
    "allocate/share_cut": [
        Asked({**asked.values, "cut_millionths": 200_000, "small": small, "small_team": "rest"})
        for asked in _of_rules("gpus", "support")
        for small in (0, 1)
    ],
    "allocate/share_driver": _of_rules("gpus", "models", "support"),
    "allocate/signature": [Asked(table="charge", by=("service_name", "tag:team"))],
    "bills/overlapping": [Asked({"take_in": name}) for name in ("bill", "bill-2")],
    "bills/told_elsewhere": [Asked({"take_in": name}) for name in ("bill", "bill-2")],
    "capture/accepted": [Asked({"take_in": "late"})],
    "capture/conflicts": [Asked({"take_in": "late"})],
    "capture/counted": [Asked({"take_in": name}) for name in ("late", "events")],
    "capture/seconds": [Asked({"take_in": "late"})],
    "capture/late": [Asked({"until": MONTH.ends_at, "taken_before": NOW})],
    "capture/months_before": [Asked({"until": MONTH.ends_at})],
    "capture/parts_naming": [Asked({"text": "a"})],
    "capture/problems_naming": [Asked({"text": "U"})],
    "capture/recent": [Asked({})],
    "capture/rules_naming": [Asked({"text": '"team"'})],
    "capture/sessions_of": [Asked({"user": "a"})],
    "capture/signatures_naming": [Asked({"text": "a"})],
    "capture/waiting": [Asked({"until": MONTH.ends_at})],
    "cost/same_call": [
        Asked({"rung": rung, "run": run}) for rung in ("trace", "usage", "span") for run in ("none", None)
    ],
    "cost/seen_hours": [Asked({"since": MONTH.starts_at, "until": MONTH.ends_at})],
    "cost/unheard": [Asked({"until": MONTH.ends_at})],
    "closing/came_since": [Asked({"since": at(1)}), Asked({"since": MONTH.starts_at.replace(year=2020)})],
    "closing/posted": [Asked({"month": date(2026, 7, 1)})],
    "explain/adjustments": [Asked(table="movement", by=dims) for dims in ((), ("feature", "team"))],
    "explain/gap_evidence": _of("gap_evidence", where={"provider": "acme-ai"}),
    "explain/calibrated": _of("calibrated_cost", where={"provider": "acme-ai"}),
    "serve/keys": [Asked({})],
    "explain/sensitivity_measured": [
        Asked({**asked.values, "run": None, "driver": "calls", "feature": "", "customer": "", "team": team})
        for asked in _of_rules("gpus")
        for team in ("a", "")
    ],
    "explain/sensitivity_pots": [Asked({**asked.values, "run": None}) for asked in _of_rules("gpus", "models")],
    "explain/sensitivity_now": _of("share", where={"team": "a"}),
    "explain/trace_taken": [
        Asked({**taking(rule, {}, 2), "run": None, "same": same})
        for rule in ruled(RULES).rules
        if rule.passes_on
        for same in (0, 1)
    ],
    "explain/trace_driver": [
        Asked({**asked.values, "run": None, "pots": _ALL_POOLS, "feature": "", "customer": "", "team": team})
        for asked in _of_rules("models", "gpus", "support")
        for team in ("", "a")
    ],
    "explain/cost_billed": _of("charge", ("service_name", "tag:team"), ("day",), where={"tag:team": "a"}),
    "explain/cost_ledger": [
        *_kept("share", ("feature", "customer"), ("user", "model"), where={"team": "a"}),
        *_kept("rollup_ledger", ("day", "team"), ("state", "rule"), where={"team": ""}),
        *_kept("rollup_ledger_month", ("feature", "customer"), where={"team": "b"}),
    ],
    "watch/call_sizes": [Asked({"features": "␟a␟b␟", "middle": at(12)})],
    "watch/dearest_days": [
        Asked({"most": most}, table, by)
        for most in (2, 100)
        for table, by in (
            ("share", ("customer",)),
            ("rollup_ledger", ("service", "environment")),
            ("pool", ("sub_account_name",)),
        )
    ],
    "explain/coverage": [*_kept("share", where={"team": "a"}), *_kept("apportioned", where={"provider": "AWS"})],
    "explain/customers": [
        *_kept("share", where={"team": "a"}),
        *_kept("rollup_ledger_month", where={"team": "a"}),
    ],
    "explain/distinct_customers": [
        *_kept("rollup_day", ("feature",), where={"model": "m-large"}),
        *_kept("rollup_usage_month", ("feature",), where={"team": "a"}),
    ],
    "explain/distinct_users": [
        *_kept("rollup_day", ("feature",), where={"model": "m-large"}),
        *_kept("rollup_user_month", ("feature",), where={"team": "a"}),
    ],
    "explain/evidence_charge": [
        Asked(table="charge", by=_LOOKED_AT),
        Asked({"pools": ",1,2,3,", "most": 1}, "charge", _LOOKED_AT),
    ],
    "explain/evidence_event": _SEEN,
    "explain/evidence_measured": _SEEN,
    "explain/evidence_share": _of("share", where={"team": "a"}),
    "explain/live": [Asked(table="rollup_minute", by=dims) for dims in ((), ("feature",), ("minute",))],
    "cost/live_runs": [Asked({})],
    "cost/live_seconds": [Asked()],
    "explain/heatmap": _of("rollup_hour", where={"feature": "a"}),
    "explain/heatmap_days": _of("rollup_hour", where={"feature": "a"}),
    "explain/feature_usage": [Asked({"feature": "a"})],
    "explain/planned_cost": [Asked(), Asked({"feature": "b"})],
    "explain/replay": [
        Asked(table="rollup_day", by=("feature", "provider", "model")),
        Asked({"cut": 123_456, "hit": 700_000}, "rollup_day", ("customer", "user", "day"), {"provider": "acme-ai"}),
    ],
    "explain/replayed": _of("rollup_day", ("feature", "provider", "model"), where={"provider": "acme-ai"}),
    "explain/reconciliation": _of("reconciliation", ("model", "day"), where={"provider": "acme-ai"}),
    "explain/trace": [
        Asked({"since": MONTH.starts_at, "until": MONTH.ends_at}, "usage", where={kind: ident})
        for kind, ident in _IDS.items()
    ],
    "explain/trace_span": [Asked(table="usage", where={kind: ident}) for kind, ident in _IDS.items()],
    "explain/calls": [
        *_kept("rollup_day", ("feature", "state", "error"), ("day",), where={"state": "partial"}),
        *_kept("rollup_user_month", ("user", "customer"), where={"team": "a"}),
        *_kept("rollup_usage_month", ("feature", "customer"), where={"team": "a"}),
    ],
    "explain/usage": [
        *_kept("rollup_day", ("feature", "state", "error"), ("day",), where={"state": "partial"}),
        *_kept("rollup_user_month", ("user", "customer"), where={"team": "a"}),
        *_kept("rollup_usage_month", ("feature", "customer"), where={"team": "a"}),
    ],
    "explain/users": [
        *_kept("rollup_day", where={"model": "m-large"}),
        *_kept("rollup_user_month", where={"team": "a"}),
    ],
    "explain/worth_billed": _of("charge", ("service_name", "tag:team"), ("day",), where={"tag:team": "a"}),
    "explain/worth_ledger": [
        *_kept("share", ("feature", "customer"), ("user", "model"), where={"team": "a"}),
        *_kept("rollup_ledger", ("day", "team"), where={"team": ""}),
    ],
    "explain/worth_usage": [
        Asked({"measure": measure}, "rollup_day", by, {"provider": "acme-ai"})
        for measure in ("estimated_cost", "failed_cost", "unpriced_bound")
        for by in ((), ("feature", "day"))
    ],
    "explain/coverage_days": _kept("share", where={"team": "a"}),
    "revenue/held_months": [Asked({"source": "customers_csv", "files": "cust%"})],
    "revenue/holding_files": [Asked({"fingerprint": "bill"})],
    "revenue/metric_periods": [Asked({"first": MONTH.starts_at, "end": MONTH.ends_at})],
    "schedule/claims": [Asked({"task": "sources", "now": MONTH.starts_at})],
    "schedule/findings": [Asked({"rules": "source-%"})],
    "schedule/runs": [Asked({"since": MONTH.starts_at})],
    "export/shares": [
        Asked(
            {"long": long, **{f"with_{name}": int(name in told) for name in (*ATTRIBUTION, "model")}},
            "charge",
            _LOOKED_AT,
        )
        for long in (0, 1)
        for told in (("feature", "team", "model"), (*ATTRIBUTION, "model"))
    ],
    "export/charges": [Asked({"long": long}) for long in (0, 1)],
    "export/unplaced": [Asked(table="charge", by=_LOOKED_AT)],
    "export/whole_table": [Asked(table="release"), Asked(table="current_exchange_rate")],
    "prices/known": [Asked(), Asked({"known_at": MONTH.starts_at.replace(year=2020)})],
}


@dataclass(frozen=True)
class Worlds:
    """The same world in both engines, and the run that is in force in it."""

    duck: Store
    click: Store
    run: str

    def values(self, own: dict[str, Any]) -> dict[str, Any]:
        """Return the ordinary parameters with some changed; None stands for the run in force."""
        ordinary = {
            "run": self.run,
            "month": MONTH.first,
            "starts_at": MONTH.starts_at,
            "ends_at": MONTH.ends_at,
            "first": MONTH.first,
            "end": MONTH.end,
            "known_at": NOW,
            "most": 1000,
            "take_in": "bill",
            "source": "focus",
            "method": "direct",
            "rule": "tags",
            "version": ruled(RULES).version,
            "replaced": "none",
            "choice": self.run,
            "cut": 0,
            "hit": -1,
            "feature": "",
            "provider": "acme-ai",
            "only_from": MONTH.starts_at,
            "only_to": MONTH.ends_at,
            "from_day": MONTH.first,
            "to_day": MONTH.end,
            "rates": "1970-01-01,,0;2026-10-05,USD,922337203685477580;2026-10-06,USD,17000123456789012345678",
            "measure": "estimated_cost",
            "unit": "page",
            "pools": _ALL_POOLS,
            "shown": "",
        }
        return {**ordinary, **{k: v for k, v in own.items() if v is not None}}


@pytest.fixture(scope="module")
def worlds(clickhouse_folder: Path) -> Iterator[Worlds]:
    """Lay the world once in each engine."""
    duck, click = opened("duckdb", clickhouse_folder), opened("clickhouse", clickhouse_folder)
    runs = {lay(duck), lay(click)}
    assert len(runs) == 1
    yield Worlds(duck, click, runs.pop())
    duck.drop()
    click.drop()


def shown(rows: list[Row]) -> list[tuple[object, ...]]:
    """Return rows as tuples of their columns by name."""
    return [tuple(sorted(row.items())) for row in rows]


@pytest.mark.parametrize("query", QUERIES)
def test_both_engines_return_the_same_rows(query: str, worlds: Worlds) -> None:
    """Every query gives the same rows to the last digit, in the same order where it says one."""
    ordered = re.search(
        r"^ORDER BY", (ROOMS / query.replace("/", "/sql/")).with_suffix(".sql").read_text(), re.MULTILINE
    )
    told = 0
    for asked in ASKED.get(query, [Asked()]):
        values = worlds.values(asked.values)
        found = [
            shown(store.rows(query, values, table=asked.table, by=asked.by, where=asked.where))
            for store in (worlds.duck, worlds.click)
        ]
        if not ordered:
            found = [sorted(rows, key=repr) for rows in found]
        assert found[0] == found[1], asked
        told += len(found[0])
    assert told or query in _EMPTY, f"{query} returned nothing in any case, which proves nothing"


#: Queries that rightly find nothing in this world.
_EMPTY = {"cost/earlier_runs"}


@pytest.mark.parametrize("view", [name.removeprefix("view_") for name in view_names()])
def test_both_engines_see_the_same_through_every_view(view: str, worlds: Worlds) -> None:
    """Every view holds the same rows."""
    found = [ledger_of(store, view) for store in (worlds.duck, worlds.click)]
    assert found[0] == found[1]
    assert found[0]


def test_runs_leave_the_same_rows_in_both_engines(worlds: Worlds) -> None:
    """What a whole run writes is the same, table by table, pool by pool."""
    for table in RUN_TABLES:
        rows = [sorted(shown(read(s, f"SELECT * FROM {table}")), key=repr) for s in (worlds.duck, worlds.click)]
        assert rows[0] == rows[1], table
        assert rows[0], table


def test_every_sql_file_says_what_it_is() -> None:
    """The header of a query names it and states its grain, what it reads and what it returns with units."""
    for path in sorted(ROOMS.glob("*/sql/*.sql")):
        text = path.read_text(encoding="utf-8")
        head = text[: re.search(r"^(?!--)", text, re.MULTILINE).start()]  # type: ignore[union-attr]
        name = path.stem.removeprefix("view_").removeprefix("part_").removesuffix(".clickhouse").removesuffix(".duckdb")
        assert re.match(rf"-- {name}: ", head), f"{path} does not begin with its name"
        missing = [word for word in _HEADER if not re.search(rf"^-- {word}:", head, re.MULTILINE)]
        assert not missing, f"{path} does not say what it {missing[0]}"
