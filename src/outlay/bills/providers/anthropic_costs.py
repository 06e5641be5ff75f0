"""Anthropic's costs as charges: cents to dollars, classes of tokens to our units, and the tokens beside their cost.

Comes in: entries of a report. Goes out: one month.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from outlay.bills.monthly import Month
from outlay.bills.providers.anthropic_reports import ENTERPRISE, Entry, Report
from outlay.bills.providers.charge import Bill, model_columns, silent_days
from outlay.bills.written import Value
from outlay.errors import BadInput
from outlay.fetching.listing import Listing
from outlay.fetching.reading import Part
from outlay.terms.money import EXACT, rounded
from outlay.terms.period import Period

_COST_ONLY = ("cost_type", "token_type", "description")
_UNITS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}
#: Who spent it: tags, so that rules can read them.
_WHO = ("api_key_id", "user_profile_id", "agent_id", "session_id", "deployment_id", "environment_id")
_CONTEXT = ("context_window", "service_tier", "speed", "product", "organization_id", "slack_channel_id", "actor_type")
_ACTOR = ("user_id", "service_account_id", "api_key_id", "id", "email_address")
_CENTS = -2
_LONG = "200k-1M"
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of one organization.

    Args:
        listing: Whom to ask.
        report: Which report.
        groups: What it is broken out by.
        workspaces: What is known of workspaces: their names and tags.
    """

    listing: Listing
    report: Report
    groups: Sequence[str]
    workspaces: Mapping[str, Part]

    def month(self, bill: Bill, days: Period, settled_on: date) -> Month:
        """Return one month: its rows, and the total that the report states without groups."""
        costs = self.report.read(self.listing, self.report.cost, days, self.groups, settled_on).entries
        told = self.report.read(self.listing, self.report.cost, days, (), settled_on)
        rows = [self._row(bill, entry) for entry in costs]
        shared = self._shared()
        lacking = [(row, self._key(entry, shared, unit)) for row, entry in zip(rows, costs, strict=True)
                   if (unit := _unit(entry.group))]  # fmt: skip
        notes = [] if told.said is None else silent_days(days, told.said, "Anthropic")
        if lacking:
            counted, priority = self._usage(days, shared, settled_on)
            notes += _fill(lacking, counted) + priority
        if self.report is ENTERPRISE:
            rows += _remainders(bill, costs, told.entries)
        return Month(rows, _total(told.entries), notes)

    def _shared(self) -> tuple[str, ...]:
        """Return the groups that costs and usage have in common."""
        if self.report.usage_groups is not None:
            return self.report.usage_groups
        return tuple(name for name in self.groups if name not in _COST_ONLY)

    def _key(self, entry: Entry, shared: Sequence[str], unit: str) -> Key:
        return (entry.starts_at, *(str(entry.group.fields.get(name)) for name in shared), unit)

    def _usage(self, days: Period, shared: Sequence[str], settled_on: date) -> tuple[dict[Key, int], list[str]]:
        """Return the tokens by bucket, group and unit; and a note of tokens that no cost is reported for."""
        found: dict[Key, int] = defaultdict(int)
        priority = 0
        for entry in self.report.read(self.listing, self.report.usage, days, shared, settled_on).entries:
            for unit, count in _counts(entry.figures):
                found[self._key(entry, shared, unit)] += count
                priority += count if entry.group.fields.get("service_tier") == "priority" else 0
        if priority and self.report.usage_groups is not None:
            return dict(found), [f"{priority} units of the priority tier were used, whose cost this report leaves out"]
        return dict(found), []

    def _row(self, bill: Bill, entry: Entry) -> dict[str, Value]:
        group, cost = entry.group, entry.figures
        workspace = group.text("workspace_id")
        known = self.workspaces.get(workspace or "")
        tags = {name: str(value) for name, value in (known.part("tags").fields if known else {}).items()}
        tags |= {name: found for name in _WHO if name in self.groups and (found := group.text(name))}
        if actor := _actor(group):
            tags["actor"] = actor
        listed, geo = cost.amount("list_amount"), group.text("inference_geo")
        kind, unit = group.text("cost_type"), _unit(group)
        amount = cost.amount("amount")
        return bill.charge(
            entry.starts_at,
            entry.ends_at,
            None if amount is None else amount.scaleb(_CENTS, context=EXACT),
            cost.text("currency"),
            charge_description=group.text("description") or _described(group, unit or kind),
            sub_account_id=workspace,
            sub_account_name=known.text("name") if known else None,
            list_cost=None if listed is None else rounded(listed.scaleb(_CENTS, context=EXACT)),
            region_id=None if geo in (None, "not_available") else geo,
            consumed_quantity=None,
            consumed_unit=None,
            tags=tags,
            **model_columns(group.text("model"), unit or kind),
            **{name: found for name in _CONTEXT if (found := group.text(name))},
        )


def _described(group: Part, meter: str | None) -> str | None:
    """Return a sentence as bills write them: what was used, and what its price depends on where that is not usual."""
    tier, speed = group.text("service_tier"), group.text("speed")
    said = (
        group.text("model"),
        meter,
        tier if tier != "standard" else None,
        speed if speed != "standard" else None,
        "long context" if group.text("context_window") == _LONG else None,
    )
    return ", ".join(filter(None, said)) or None


def groups_of(report: Report, options: Mapping[str, str]) -> tuple[str, ...]:
    """Read `--option group_by=` for a report.

    Raises:
        BadInput: It cannot be broken out by one of them, or not by so many.
    """
    found = tuple(dict.fromkeys(part.strip() for part in options.get("group_by", "").split(",") if part.strip()))
    if not found:
        return report.groups
    unknown = [name for name in found if name not in report.known]
    if unknown:
        raise BadInput(
            f"--option group_by=: the {report.name} report is not broken out by {unknown[0]}"
            + (", for its rows overlap and add up to more than the bill" if unknown[0] == "rbac_group_id" else ""),
            fix=f"name some of {', '.join(report.known)}",
            code="unknown-group",
        )
    if len([name for name in found if name not in _COST_ONLY]) > report.most:
        raise BadInput(
            f"--option group_by= names more than {report.most} groups beside cost_type and token_type",
            fix="leave some out",
            code="too-many-groups",
        )
    return found


def _unit(group: Part) -> str | None:
    """Return our unit of a row, where it has one."""
    token = group.text("token_type")
    if token:
        return _UNITS.get(token, token)
    return "web_search" if group.text("cost_type") == "web_search" else None


def _counts(usage: Part) -> Iterable[tuple[str, int]]:
    written, tools = usage.part("cache_creation"), usage.part("server_tool_use")
    yield "input", usage.count("uncached_input_tokens")
    yield "cache_read", usage.count("cache_read_input_tokens")
    yield "cache_write_5m", written.count("ephemeral_5m_input_tokens")
    yield "cache_write_1h", written.count("ephemeral_1h_input_tokens")
    yield "output", usage.count("output_tokens")
    yield "web_search", tools.count("web_search_requests")


def _fill(lacking: Sequence[tuple[dict[str, Value], Key]], counted: Mapping[Key, int]) -> list[str]:
    """Give rows the tokens of their class; where two rows share them, neither gets any."""
    shared = Counter(key for _, key in lacking)
    left = 0
    for row, key in lacking:
        if shared[key] == 1 and counted.get(key):
            unit = "Requests" if key[-1] == "web_search" else "Tokens"
            row |= {"consumed_quantity": Decimal(counted[key]), "consumed_unit": unit}
        else:
            left += 1
    return [f"{left} of {len(lacking)} lines have no quantity of their own in the usage report"] if left else []


def _total(whole: Iterable[Entry]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for entry in whole:
        currency = (entry.figures.text("currency") or "").upper()
        amount = entry.figures.amount("amount") or Decimal(0)
        total[currency] = EXACT.add(total[currency], amount.scaleb(_CENTS, context=EXACT))
    return dict(total)


def _remainders(bill: Bill, costs: Iterable[Entry], whole: Iterable[Entry]) -> list[dict[str, Value]]:
    """Return what each bucket has beyond its hundred groups, for which the report has no row."""
    told: dict[tuple[datetime, str], Decimal] = defaultdict(Decimal)
    for entry in costs:
        key = (entry.starts_at, entry.figures.text("currency") or "")
        told[key] = EXACT.add(told[key], entry.figures.amount("amount") or Decimal(0))
    rows = []
    for entry in whole:
        currency = entry.figures.text("currency") or ""
        rest = EXACT.subtract(entry.figures.amount("amount") or Decimal(0), told[entry.starts_at, currency])
        if rest:
            said = "beyond the hundred groups that the report breaks a day out by"
            cents = rest.scaleb(_CENTS, context=EXACT)
            rows.append(bill.charge(entry.starts_at, entry.ends_at, cents, currency, charge_description=said, tags={}))
    return rows


def _actor(group: Part) -> str | None:
    actor = group.part("actor")
    kind = (actor.text("type") or "").removesuffix("_actor")
    ident = next((found for name in _ACTOR if (found := actor.text(name))), None)
    return f"{kind}:{ident}" if kind and ident else None
