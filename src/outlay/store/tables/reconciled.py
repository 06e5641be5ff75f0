"""Tables in which a run holds bills against usage: the parts of each gap, how they were found, calibrated costs."""

from outlay.store.tables.columns import COUNT, DAY, MONEY, NAME, QUANTITY, TEXT, Column, Table

_RUN = (Column("run", NAME, "The run that made this row."), Column("month", DAY, "First day of the ledger's month."))
_PLACE = (
    Column("provider", NAME, "Who is paid, as usage names it."),
    Column("sub_account", NAME, "Account, project or workspace on the bill; empty where usage cannot tell them apart."),
    Column("model", NAME, "Model, as usage names it; empty for lines about no model."),
    Column("token_class", NAME, "What is counted: a unit; empty where the bill's lines cannot be told apart."),
)
#: The parts of a gap, in the order in which they are looked for and shown; they sum to it exactly.
PARTS = {
    "unseen": "billed, and no event tells of it",
    "timed_out": "billed attempts whose end we never heard: timed out, or cut off",
    "counted_twice": "calls that one sensor reported twice",
    "not_billed": "seen, and not on the bill",
    "timing": "billed on another day than it was used",
    "price": "billed at another price than the price book's",
    "context": "billed in another context than events say: batch, tier, cache",
    "restatement": "moved by an invoice that was changed after its period was over",
    "unmetered": "billed for what no event counts, such as storage",
    "credits_and_tax": "credits, tax, purchases and adjustments",
    "rest": "what is left: rounding, and lines that say no quantity",
}
RECONCILIATION = Table(
    "reconciliation",
    "What a provider billed on one day for one model and token class against what telemetry and prices say.",
    ("run", "day", "provider", "model"),
    (
        *_RUN,
        Column("day", DAY, "The day."),
        *_PLACE,
        Column("currency", NAME, "ISO 4217 code."),
        Column("billed", MONEY, "Billed cost.", unit="currency"),
        Column("estimated", MONEY, "Usage times price.", unit="currency"),
        *(Column(name, MONEY, f"Part of the gap: {means}.", unit="currency") for name, means in PARTS.items()),
        Column("billed_usage", MONEY, "What was billed for usage, at the price book's price.", unit="currency"),
        Column("billed_quantity", QUANTITY, "Quantity on the bill.", unit="the class"),
        Column("seen_quantity", QUANTITY, "Quantity that events tell of, each call once.", unit="the class"),
    ),
)
GAP_EVIDENCE = Table(
    "gap_evidence",
    "How one run concluded that a part of a gap has the cause that it gives.",
    ("run", "cause", "provider", "place"),
    (
        *_RUN,
        Column("place", COUNT, "Its place in the run's list."),
        Column("cause", NAME, "A part of the gap, as in `reconciliation`."),
        *_PLACE,
        Column("first_day", DAY, "First day it is about."),
        Column("last_day", DAY, "Last day it is about."),
        Column("currency", NAME, "ISO 4217 code."),
        Column("amount", MONEY, "Money it explains; of `timing`, what was moved.", unit="currency"),
        Column("means", TEXT, "One sentence: what was found, where."),
    ),
)
CALIBRATED_COST = Table(
    "calibrated_cost",
    "What a feature's use of one model costs once usage times price is scaled to the invoice, and how sure that is.",
    ("run", "provider", "model"),
    (
        *_RUN,
        Column("provider", NAME, "Who is paid, as usage names it."),
        Column("sub_account", NAME, "Account, project or workspace; empty where usage cannot tell them apart."),
        Column("model", NAME, "Model, as usage names it."),
        Column("feature", NAME, "Product feature.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("estimated", MONEY, "Usage times price.", unit="currency"),
        Column("calibrated", MONEY, "Its part of what was billed for the same usage.", unit="currency"),
        Column("low", MONEY, "If nothing of what is uncertain was its own.", unit="currency"),
        Column("high", MONEY, "If twice its part of it was.", unit="currency"),
    ),
)
