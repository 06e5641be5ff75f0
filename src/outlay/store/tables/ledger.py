"""Tables that a run fills: priced usage, pools, shares and what is rolled up from them."""

from outlay.store.tables.columns import (
    COUNT,
    DAY,
    INSTANT,
    MONEY,
    NAME,
    QUANTITY,
    TEXT,
    Column,
    Table,
    attribution_columns,
    token_columns,
)
from outlay.store.tables.inlets import TAKEN

_RUN = (Column("run", NAME, "The run that made this row."), Column("month", DAY, "First day of the ledger's month."))

PRICE_VECTOR = Table(
    "price_vector",
    "What every unit of a model cost in one context and period: prices side by side, as one run used them.",
    ("run", "provider", "model", "context", "unit", "valid_from", "size_from"),
    (
        *_RUN,
        Column("vector", COUNT, "Its number within the run."),
        Column("provider", NAME, "As the usage says."),
        Column("model", NAME, "As the usage says; empty when it does not."),
        Column("context", NAME, "As the usage says."),
        Column("unit", NAME, "The unit that is not a token; empty when there is none."),
        Column("valid_from", INSTANT, "Holds from this instant."),
        Column("valid_to", INSTANT, "Up to this one, not included."),
        Column("size_from", COUNT, "Holds from this prompt size.", unit="tokens"),
        Column("size_to", COUNT, "Up to this one, not included.", unit="tokens"),
        Column("price_model", NAME, "Model of the price book that matched; absent when none did.", optional=True),
        Column("reason", NAME, "Why nothing matched: unknown-provider, unknown-model, no-price-then.", optional=True),
        Column("source", TEXT, "Where the prices come from.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        *(
            Column(f"{c.name}_atto", COUNT, f"Price of one {c.name} token.", unit="1e-18 currency", optional=True)
            for c in token_columns()
        ),
        Column(
            "steps",
            TEXT,
            "Marginal prices, a list in JSON: place of the token unit among these columns from 1, how many of its"
            " tokens go before, and by how much each one after them differs in price, in 1e-18 of the currency; empty"
            " for none.",
        ),
        Column("unit_amount", MONEY, "Price of `unit_per` units.", unit="currency", optional=True),
        Column("unit_per", COUNT, "For how many units.", optional=True),
        Column("reported_counts", COUNT, "1 when what the provider says a call cost counts in place of these."),
        Column(
            "bound_atto",
            COUNT,
            "Dearest known token price nearby: a bound for what is unpriced.",
            unit="1e-18 currency",
        ),
        Column(
            "bound_unit_amount",
            MONEY,
            "Dearest known price of one such unit; absent when none is known.",
            optional=True,
        ),
    ),
)
CORRECTION_CUTOFF = Table(
    "correction_cutoff",
    "Up to when one run knew corrections of past prices; later ones wait until the month is re-rated.",
    ("run", "provider"),
    (
        *_RUN,
        Column("provider", NAME, "Provider of the price book; empty for all that have no row of their own."),
        Column("corrections_known_at", INSTANT, "Corrections learnt later were not used."),
    ),
)
OBSERVATION = Table(
    "observation",
    "One usage row that saw a call which another row carries: it costs nothing itself, but may know who caused it.",
    ("run", "take_in", "file", "line"),
    (
        *_RUN,
        *TAKEN,
        *attribution_columns(),
        Column("of_take_in", NAME, "The row that carries the cost: its import,"),
        Column("of_file", COUNT, "its file,"),
        Column("of_line", COUNT, "and its line."),
        Column("rung", NAME, "What told that they are one: response_id, usage or span."),
    ),
)
_USAGE_MEASURES = (
    Column("calls", COUNT, "Calls (first attempts)."),
    Column("attempts", COUNT, "Attempts, retries included."),
    Column("failures", COUNT, "Attempts that were refused, cut or lost."),
    Column("duration_ms", COUNT, "Time taken together.", unit="milliseconds"),
    Column("tokens", COUNT, "Tokens of all units.", unit="tokens"),
    *token_columns(),
    Column("quantity", QUANTITY, "Of `unit`.", unit="unit"),
    Column("estimated_cost", MONEY, "Usage times price.", unit="currency"),
    Column("failed_cost", MONEY, "Part of it spent on failures and retries.", unit="currency"),
    Column("reported_cost", MONEY, "What providers say it cost, where they say so.", unit="currency"),
    Column("unpriced_quantity", QUANTITY, "Tokens and units without a price.", unit="tokens and units"),
    Column("unpriced_bound", MONEY, "The most that those may cost, by the dearest price nearby.", unit="currency"),
    Column("unbounded_quantity", QUANTITY, "Of those, what has no price nearby to bound it.", unit="tokens and units"),
)
#: Measures that only a day's roll-up keeps.
_NOT_BY_MONTH = {*(c.name for c in token_columns()), "duration_ms", "reported_cost", "unbounded_quantity"}
_MONTH_MEASURES = (
    Column("currency", NAME, "ISO 4217 code."),
    *(c for c in _USAGE_MEASURES if c.name not in _NOT_BY_MONTH),
)


def _who(*names: str) -> tuple[Column, ...]:
    return tuple(c for c in attribution_columns() if c.name in names)


ROLLUP_DAY = Table(
    "rollup_day",
    "Usage of one day by every dimension that may be summed.",
    ("run", "day", "provider", "feature"),
    (
        *_RUN,
        Column("day", DAY, "The day."),
        Column("provider", NAME, "Who is paid."),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("operation", NAME, "Kind of call.", optional=True),
        *attribution_columns(),
        Column("state", NAME, "Outcome."),
        Column("error", NAME, "What went wrong.", optional=True),
        Column("unit", NAME, "Unit that is not a token.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        *_USAGE_MEASURES,
    ),
)
ROLLUP_USER_MONTH = Table(
    "rollup_user_month",
    "Usage of one month by user: for pages that ask about users, or how many there are.",
    ("run", "customer", "feature"),  # not the user: ClickHouse cannot change what it sorts by, and users are erased
    (*_RUN, *_who("feature", "customer", "team", "user", "environment"), *_MONTH_MEASURES),
)
ROLLUP_USAGE_MONTH = Table(
    "rollup_usage_month",
    "Usage of one month by customer: for pages that ask about whole months.",
    ("run", "customer", "feature"),
    (*_RUN, *_who("feature", "customer", "team", "environment"), *_MONTH_MEASURES),
)
ROLLUP_HOUR = Table(
    "rollup_hour",
    "Usage of one hour by feature and model.",
    ("run", "hour", "provider", "feature"),
    (
        *_RUN,
        Column("hour", INSTANT, "Start of the hour."),
        Column("provider", NAME, "Who is paid."),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("feature", NAME, "Product feature.", optional=True),
        Column("team", NAME, "Owning team.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("calls", COUNT, "Calls (first attempts)."),
        Column("tokens", COUNT, "Tokens of all units.", unit="tokens"),
        Column("estimated_cost", MONEY, "Usage times price.", unit="currency"),
    ),
)
ROLLUP_MINUTE = Table(
    "rollup_minute",
    "Usage of ten seconds of the last hour by feature and model; made anew when an event of them arrives.",
    ("run", "minute", "provider", "feature"),
    (
        *_RUN,
        Column("minute", INSTANT, "Start of the minute they are of."),
        Column("provider", NAME, "Who is paid."),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("feature", NAME, "Product feature.", optional=True),
        Column("team", NAME, "Owning team.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("calls", COUNT, "Calls (first attempts)."),
        Column("tokens", COUNT, "Tokens of all units.", unit="tokens"),
        Column("estimated_cost", MONEY, "Usage times price.", unit="currency"),
        Column("unpriced_quantity", QUANTITY, "Tokens and units without a price."),
    ),
)
ASSIGNMENT = Table(
    "assignment",
    "One combination of the bill columns that rules look at, and the rule it falls to.",
    ("run", "signature"),
    (
        *_RUN,
        Column("signature", TEXT, "The combination, values joined by unit separators."),
        Column("rule", NAME, "The first rule that matches; empty when none does."),
        *attribution_columns(),
        Column("known_provider", NAME, "Provider as usage names it, where the rule sets it.", optional=True),
        Column("model", NAME, "Model, where the rule sets it.", optional=True),
        Column("keys", TEXT, "What rules split for each of, one text per such rule, joined by unit separators."),
    ),
)
_POOL_KEY = (
    Column("day", DAY, "The day it is for."),
    Column("pool", COUNT, "Number of the pool within the run."),
    Column("rule", NAME, "The rule that gathered it; empty when none matched."),
    Column("currency", NAME, "ISO 4217 code."),
    Column("provider", NAME, "Provider on the bill."),
    Column("sub_account_name", NAME, "Sub account on the bill.", optional=True),
    Column("service_name", NAME, "The vendor's product.", optional=True),
    Column("charge_category", NAME, "Usage, Purchase, Tax, Credit or Adjustment."),
)
POOL = Table(
    "pool",
    "The charges of one day that one rule gathered and that say the same about who caused them.",
    ("run", "day", "pool"),
    (
        *_RUN,
        *_POOL_KEY,
        *attribution_columns(),
        Column("known_provider", NAME, "Provider as usage names it, where the rule sets it.", optional=True),
        Column("model", NAME, "Model, where the rule sets it.", optional=True),
        Column("charges", COUNT, "Charges in it (a charge of several days counts in each)."),
        Column("consumed_quantity", QUANTITY, "What they consumed, in the bill's unit."),
        Column("amount", MONEY, "Billed cost; of a pool that passes shares on, those shares.", unit="currency"),
        Column("keys", TEXT, "What rules split for each of, one text per such rule, joined by unit separators."),
        Column("passing", NAME, "Empty for charges; `out` and `in` where a rule takes what others gave and passes on."),
    ),
)
POT = Table(
    "pot",
    "One pool in the pot it was split in: pools of one rule and day that split alike are split as one.",
    ("run", "rule", "pot", "pool"),
    (
        *_RUN,
        Column("day", DAY, "The day it is for."),
        Column("rule", NAME, "The rule."),
        Column("pot", COUNT, "Number of the pot: that of its first pool."),
        Column("pool", COUNT, "Number of the pool."),
        Column("currency", NAME, "ISO 4217 code."),
        Column("provider", NAME, "Provider on the bill."),
        Column("sub_account_name", NAME, "Sub account on the bill.", optional=True),
        Column("service_name", NAME, "The vendor's product.", optional=True),
        Column("charge_category", NAME, "Usage, Purchase, Tax, Credit or Adjustment."),
        Column("keys", TEXT, "What rules split for each of, as in the pool."),
        Column("amount", MONEY, "The pool's amount.", unit="currency"),
        Column("before", MONEY, "Pools before it in the pot, without sign.", unit="currency"),
        Column("whole", MONEY, "The whole pot, without sign.", unit="currency"),
        Column("driver_day", DAY, "The day whose driver split it; the month's first for a month.", optional=True),
        Column("whole_month", COUNT, "Which driver split it, as in `driver`."),
    ),
)
DRIVER = Table(
    "driver",
    "One attribution's part of what a rule splits by, measured for one day or the whole month.",
    ("run", "rule", "whole_month", "day", "part"),
    (
        *_RUN,
        Column("rule", NAME, "The rule that splits by it."),
        Column(
            "whole_month",
            COUNT,
            "0: measured over the day; 1: over the month; 2: everyone counts alike; 3: over the month before.",
        ),
        Column("day", DAY, "The day, or the month's first."),
        Column("currency", NAME, "Of what is followed; empty when usage was measured."),
        Column("part", TEXT, "What pools and usage must agree on, values joined by unit separators."),
        Column("state", NAME, "allocated or idle."),
        *attribution_columns(),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("weight", COUNT, "Measured quantity, as a whole number."),
    ),
)
SHARE = Table(
    "share",
    "The part of one pot given to one attribution. A month's shares are its ledger; `apportioned` has them by pool.",
    ("run", "day", "rule", "pool"),
    (
        *_RUN,
        *_POOL_KEY,
        Column("method", NAME, "direct, even, fixed, proportional, driver, passed on, or none."),
        Column("driver", NAME, "What it was split by; empty for the other methods."),
        Column("state", NAME, "allocated, idle or unallocated."),
        *attribution_columns(),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("weight", COUNT, "Its part of the driver, as a whole number."),
        Column("amount", MONEY, "Its part of the pot.", unit="currency"),
        Column("before", MONEY, "Shares before it in the pot, without sign.", unit="currency"),
    ),
)
ROLLUP_LEDGER = Table(
    "rollup_ledger",
    "The ledger of one day without user and customer: for pages that ask about features and teams.",
    ("run", "day", "feature"),
    (
        *_RUN,
        Column("day", DAY, "The day."),
        Column("provider", NAME, "Provider on the bill."),
        Column("service_name", NAME, "The vendor's product.", optional=True),
        Column("charge_category", NAME, "Usage, Purchase, Tax, Credit or Adjustment."),
        Column("rule", NAME, "The rule that gathered it."),
        Column("state", NAME, "allocated, idle or unallocated."),
        Column("feature", NAME, "Product feature.", optional=True),
        Column("team", NAME, "Owning team.", optional=True),
        Column("environment", NAME, "Environment.", optional=True),
        Column("service", NAME, "Deployed service.", optional=True),
        Column("release", NAME, "Version of that service.", optional=True),
        Column("model", NAME, "Model or meter.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("amount", MONEY, "Sum of the shares.", unit="currency"),
    ),
)
ROLLUP_LEDGER_MONTH = Table(
    "rollup_ledger_month",
    "The ledger of one month by customer: for pages that ask about whole months.",
    ("run", "customer", "feature"),
    (
        *_RUN,
        *_who("feature", "customer", "team", "environment"),
        Column("currency", NAME, "ISO 4217 code."),
        Column("amount", MONEY, "Sum of the shares.", unit="currency"),
    ),
)
ROLLUP_COVERAGE = Table(
    "rollup_coverage",
    "How many dollars of one day have an owner, by dimension.",
    ("run", "day", "currency"),
    (
        *_RUN,
        Column("day", DAY, "The day."),
        Column("currency", NAME, "ISO 4217 code."),
        Column("total", MONEY, "Sum of the shares.", unit="currency"),
        Column("idle", MONEY, "Part of it that is idle capacity.", unit="currency"),
        Column("unallocated", MONEY, "Part of it that nobody answers for.", unit="currency"),
        *(
            Column(f"{c.name}_amount", MONEY, f"Part of it that names a {c.name}.", unit="currency")
            for c in attribution_columns()
        ),
    ),
)
PUBLICATION = Table(
    "publication",
    "One run that kept every law and became the ledger of its month; the newest of a month is the one in force.",
    ("month", "published_at"),
    (
        Column("month", DAY, "First day of the month."),
        Column("run", NAME, "The run."),
        Column("published_at", INSTANT, "When it became the ledger."),
        Column("rule_version", NAME, "Version of the rules it used."),
        Column("prices_known_at", INSTANT, "It used the prices that were known then."),
    ),
)
CONSERVATION = Table(
    "conservation",
    "What one run found for one provider and currency: billed against the sum of its shares.",
    ("run", "provider", "currency"),
    (
        *_RUN,
        Column("provider", NAME, "Provider on the bill."),
        Column("currency", NAME, "ISO 4217 code."),
        Column("billed", MONEY, "Sum of the month's charges.", unit="currency"),
        Column("allocated", MONEY, "Shares with an attribution.", unit="currency"),
        Column("idle", MONEY, "Shares of idle capacity.", unit="currency"),
        Column("unallocated", MONEY, "Shares nobody answers for.", unit="currency"),
    ),
)
