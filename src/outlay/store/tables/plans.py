"""Tables of what was expected: planned costs, to be held against what happened."""

from outlay.store.tables.columns import COUNT, DAY, INSTANT, MONEY, NAME, QUANTITY, TEXT, Column, Table

PLANNED_COST = Table(
    "planned_cost",
    "What a feature was expected to cost on one model, as one estimate made before it was built says.",
    ("feature", "made_at", "estimate", "place"),
    (
        Column("estimate", NAME, "Id of the estimate: a fingerprint of the feature file and of what it came to."),
        Column("place", COUNT, "Place of the model in the estimate, the cheapest first, from 1."),
        Column("feature", NAME, "Product feature, `area.action`."),
        Column("made_at", INSTANT, "When the estimate was made."),
        Column("price_day", DAY, "The day whose prices it uses."),
        Column("provider", NAME, "Who would be paid."),
        Column("model", NAME, "The model."),
        Column("context", NAME, "What the price depends on: `processing=batch`; empty for the ordinary."),
        Column("users", COUNT, "Active users."),
        Column("days", COUNT, "Days of the month.", unit="days"),
        Column("requests", QUANTITY, "Requests a month.", unit="request"),
        Column("currency", NAME, "ISO 4217 code; empty when nothing has a price."),
        Column(
            "monthly", MONEY, "Cost of a month; absent when something has no price.", unit="currency", optional=True
        ),
        Column("low80", MONEY, "The low end of the band in which 8 of 10 months lie.", unit="currency", optional=True),
        Column("high80", MONEY, "The high end of that band.", unit="currency", optional=True),
        Column("per_request", MONEY, "Cost of one request.", unit="currency", optional=True),
        Column("per_user", MONEY, "Cost of one active user a month.", unit="currency", optional=True),
        Column("tokens", QUANTITY, "Tokens of one request.", unit="tokens"),
        Column("definition", TEXT, "The feature file as it was read, in JSON."),
    ),
)
