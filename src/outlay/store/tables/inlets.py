"""Tables of what comes in: imports, charges, usage, prices, revenue, releases, rules. Append-only."""

from outlay.store.tables.columns import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    MONEY,
    NAME,
    QUANTITY,
    TAGS,
    TEXT,
    Column,
    Table,
    attribution_columns,
    token_columns,
)

TAKEN = (
    Column("take_in", NAME, "The import that brought this row."),
    Column("file", COUNT, "Place of the file within that import, from 1."),
    Column("line", COUNT, "Line of that file, the header being line 1."),
)
TAKE_IN = Table(
    "take_in",
    "One import that was committed.",
    ("take_in",),
    (
        Column("take_in", NAME, "Its id."),
        Column("source", NAME, "Name of the importer."),
        Column("taken_at", INSTANT, "When it was committed."),
        Column("lines", COUNT, "Lines the files hold, headers not counted."),
        Column("landed", COUNT, "Lines that became rows."),
        Column("skipped", COUNT, "Lines left out on purpose."),
        Column("problem_lines", COUNT, "Lines that could not be taken in."),
    ),
)
SOURCE_FILE = Table(
    "source_file",
    "One file of one import.",
    ("take_in", "file"),
    (
        Column("take_in", NAME, "The import."),
        Column("file", COUNT, "Place of the file within that import, from 1."),
        Column("name", TEXT, "Name of the file, as given."),
        Column(
            "fingerprint", TEXT, "SHA-256 in hex: of the unpacked content, and of what the importer was told beside."
        ),
        Column("bytes", COUNT, "Decompressed size.", unit="bytes"),
        Column("lines", COUNT, "Lines it holds, header not counted."),
    ),
)
PROBLEM = Table(
    "problem",
    "One line that could not be taken in.",
    ("take_in", "file", "line"),
    (
        *TAKEN,
        Column("code", NAME, "Stable slug of the reason."),
        Column("column_name", NAME, "Column or field at fault.", optional=True),
        Column("value", TEXT, "What stood there, cut to 80 characters.", optional=True),
        Column("amount", MONEY, "Money at stake, where it can still be read.", unit="currency", optional=True),
        Column("currency", NAME, "Its currency, where it can still be read.", optional=True),
        Column("fix", TEXT, "What to do about it."),
    ),
)
PARTITION = Table(
    "partition",
    "One provider's billing account and billing period within one import: the unit that a restated bill replaces.",
    ("take_in", "provider", "billing_account_id", "billing_period_start", "billing_currency"),
    (
        Column("take_in", NAME, "The import."),
        Column("source", NAME, "Name of the importer."),
        Column("provider", NAME, "Provider on the bill."),
        Column("billing_account_id", NAME, "Billing account on the bill."),
        Column("billing_period_start", INSTANT, "Start of the billing period."),
        Column("billing_currency", NAME, "ISO 4217 code."),
        Column("first_day", DAY, "First day with a charge."),
        Column("last_day", DAY, "Last day with a charge."),
        Column("lines", COUNT, "Charges."),
        Column("billed_cost", MONEY, "Sum of the charges.", unit="billing_currency"),
        Column("control_total", MONEY, "Sum the source says it holds.", unit="billing_currency"),
    ),
)
SUPERSESSION = Table(
    "supersession",
    "One partition of an earlier import that a later import replaces.",
    ("take_in", "provider", "billing_account_id", "billing_period_start"),
    (
        Column("take_in", NAME, "The import that is replaced."),
        Column("provider", NAME, "Provider on the bill."),
        Column("billing_account_id", NAME, "Billing account on the bill."),
        Column("billing_period_start", INSTANT, "Start of the billing period."),
        Column("replaced_by", NAME, "The import that replaces it; holds once that one is committed."),
    ),
)


def _focus(name: str, kind: str, meaning: str, *, unit: str | None = None, optional: bool = True) -> Column:
    return Column(name, kind, meaning, unit=unit, optional=optional)


_MONEY_UNIT = "billing_currency"
CHARGE = Table(
    "charge",
    "One line of a bill for one charge period (FOCUS columns in snake_case).",
    ("charge_period_start", "provider", "take_in", "file", "line"),
    (
        *TAKEN,
        _focus("provider", NAME, "FOCUS ServiceProviderName (1.3) or ProviderName.", optional=False),
        _focus("publisher_name", NAME, "Who made the service."),
        _focus("invoice_issuer_name", NAME, "Who sends the invoice."),
        _focus("invoice_id", NAME, "The invoice this line is on."),
        _focus("billing_account_id", NAME, "Account that is billed.", optional=False),
        _focus("billing_account_name", NAME, "Its name."),
        _focus("sub_account_id", NAME, "Account, subscription, project or compartment that used it."),
        _focus("sub_account_name", NAME, "Its name."),
        _focus("billing_currency", NAME, "ISO 4217 code of every amount in this row.", optional=False),
        _focus("billing_period_start", INSTANT, "Start of the invoice's period.", optional=False),
        _focus("billing_period_end", INSTANT, "End of it, not included.", optional=False),
        _focus("charge_period_start", INSTANT, "Start of what this line pays for.", optional=False),
        _focus("charge_period_end", INSTANT, "End of it, not included.", optional=False),
        _focus("charge_category", NAME, "Usage, Purchase, Tax, Credit or Adjustment.", optional=False),
        _focus("charge_class", NAME, "Correction, or absent."),
        _focus("charge_frequency", NAME, "One-Time, Recurring or Usage-Based."),
        _focus("charge_description", TEXT, "The vendor's sentence."),
        _focus("billed_cost", MONEY, "What the invoice asks for.", unit=_MONEY_UNIT, optional=False),
        _focus("effective_cost", MONEY, "Amortised cost after discounts.", unit=_MONEY_UNIT),
        _focus("list_cost", MONEY, "At list price.", unit=_MONEY_UNIT),
        _focus("contracted_cost", MONEY, "At the contract's price.", unit=_MONEY_UNIT),
        _focus(
            "net_cost",
            MONEY,
            "Billed cost after discounts that the vendor states on lines of their own (AWS: net unblended).",
            unit=_MONEY_UNIT,
        ),
        _focus("net_effective_cost", MONEY, "Effective cost after them (AWS: net amortised).", unit=_MONEY_UNIT),
        _focus("list_unit_price", QUANTITY, "List price of one pricing unit.", unit=_MONEY_UNIT),
        _focus("contracted_unit_price", QUANTITY, "Contract price of one pricing unit.", unit=_MONEY_UNIT),
        _focus("pricing_category", NAME, "Standard, Dynamic, Committed or Other."),
        _focus("pricing_quantity", QUANTITY, "Quantity that was priced.", unit="pricing_unit"),
        _focus("pricing_unit", NAME, "What was priced."),
        _focus("consumed_quantity", QUANTITY, "Quantity that was used.", unit="consumed_unit"),
        _focus("consumed_unit", NAME, "What was used."),
        _focus("service_category", NAME, "FOCUS service category."),
        _focus("service_subcategory", NAME, "FOCUS service subcategory."),
        _focus("service_name", NAME, "The vendor's product."),
        _focus("sku_id", NAME, "What was sold."),
        _focus("sku_meter", NAME, "What of it was metered."),
        _focus("sku_price_id", NAME, "Under which price."),
        _focus("resource_id", TEXT, "The thing that was used."),
        _focus("resource_name", TEXT, "Its name."),
        _focus("resource_type", NAME, "Its kind."),
        _focus("region_id", NAME, "Region."),
        _focus("region_name", NAME, "Its name."),
        _focus("availability_zone", NAME, "Zone within the region."),
        _focus("commitment_discount_id", NAME, "Reservation or savings plan that applied."),
        _focus("commitment_discount_name", NAME, "Its name."),
        _focus("commitment_discount_category", NAME, "Spend or Usage."),
        _focus("commitment_discount_type", NAME, "The vendor's word for it."),
        _focus("commitment_discount_status", NAME, "Used or Unused."),
        Column("tags", TAGS, "The vendor's tags, keys trimmed, values as text."),
        Column("extra", TAGS, "Columns of the file that have no place of their own, as text."),
    ),
    month="charge_period_start",
)
USAGE = Table(
    "usage",
    "One attempt of a call, as one sensor saw it.",
    ("time", "take_in", "file", "line"),
    (
        *TAKEN,
        Column("id", TEXT, "The event's own id."),
        Column("fingerprint", TEXT, "Of its content: the same id with another content is a conflict."),
        Column("time", INSTANT, "When the attempt began."),
        Column("provider", NAME, "Who is paid for it."),
        Column("model", NAME, "Model, meter or SKU, as the provider names it.", optional=True),
        Column("operation", NAME, "chat, embeddings, analyze_document, ...", optional=True),
        *attribution_columns(),
        Column("endpoint", NAME, "Route of our own service that was asked.", optional=True),
        Column("prompt", NAME, "Prompt template and version.", optional=True),
        Column("session", TEXT, "The user's session.", optional=True),
        Column("trace", TEXT, "W3C trace id.", optional=True),
        Column("span", TEXT, "W3C span id.", optional=True),
        Column("parent", TEXT, "Span id of the caller.", optional=True),
        Column("call", TEXT, "The call this is an attempt of.", optional=True),
        Column("attempt", COUNT, "Which try of the call, from 1."),
        Column("response_id", TEXT, "The provider's id of its answer.", optional=True),
        Column("state", NAME, "complete, partial, refused, unknown or not_sent."),
        Column("error", NAME, "What went wrong.", optional=True),
        Column(
            "context",
            NAME,
            "What the price may depend on: `processing=batch;tier=flex`, keys in order; empty for the ordinary.",
        ),
        Column("sensor", NAME, "Who saw it: sdk, gateway, ...; empty when not said."),
        *token_columns(),
        Column("unit", NAME, "A unit that is not a token: page, read_unit, gpu_second, ...", optional=True),
        Column("quantity", QUANTITY, "How many of it; 0 without a unit.", unit="unit"),
        Column("duration_ms", COUNT, "How long it took.", unit="milliseconds", optional=True),
        Column("reported_cost", MONEY, "What the provider says it cost.", unit="currency", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("tags", TAGS, "Further dimensions, as text."),
    ),
    month="time",
)
ARRIVAL = Table(
    "arrival",
    "One attempt of a call on its way in: the columns of usage, until it is known which events are new.",
    USAGE.key,
    USAGE.columns,
    passing=True,
)
CUSTOMER = Table(
    "customer",
    "One customer as one import described it.",
    ("customer", "take_in"),
    (
        *TAKEN,
        Column("customer", NAME, "The id that usage events carry."),
        Column("name", TEXT, "Its name.", optional=True),
        Column("segment", NAME, "Market segment.", optional=True),
        Column("plan", NAME, "What it bought.", optional=True),
        Column("status", NAME, "active, trial, churned, ...", optional=True),
    ),
)
REVENUE = Table(
    "revenue",
    "One customer's revenue of one kind in one month, as one import stated it.",
    ("month", "customer", "kind", "take_in"),
    (
        *TAKEN,
        Column("customer", NAME, "The id that usage events carry."),
        Column("month", DAY, "First day of the month."),
        Column("kind", NAME, "subscription, usage, one_time, ...; recurring is derived, and adds to no other."),
        Column("amount", MONEY, "Revenue.", unit="currency"),
        Column("currency", NAME, "ISO 4217 code."),
    ),
)
RELEASE = Table(
    "release",
    "One deployment of one service.",
    ("released_at", "service", "release", "take_in"),
    (
        *TAKEN,
        Column("release", NAME, "Version that was deployed."),
        Column("service", NAME, "Service that was deployed.", optional=True),
        Column("released_at", INSTANT, "When."),
    ),
)
METRIC = Table(
    "metric",
    "One metric over one period for one combination of dimension values, as one import measured it.",
    ("starts_at", "metric", "ends_at", "take_in"),
    (
        *TAKEN,
        Column("metric", NAME, "Its name: requests, active_users, documents, ..."),
        Column("starts_at", INSTANT, "Start of the period measured."),
        Column("ends_at", INSTANT, "End of it, not included."),
        *attribution_columns(),
        Column("quantity", QUANTITY, "How much it was, never negative.", unit="unit"),
        Column("unit", NAME, "What is counted; empty for plain things."),
        Column(
            "adds_up",
            FLAG,
            "Whether periods may be added up: requests may; of distinct users or stored bytes only a mean over time is"
            " true.",
        ),
    ),
    month="starts_at",
)
PRICE = Table(
    "price",
    "The amount for so many of one unit of one model, in one context, over one period, as it was known at one time.",
    ("provider", "model", "unit", "context", "size_from", "valid_from", "recorded_at"),
    (
        Column("provider", NAME, "Who is paid."),
        Column("model", NAME, "The model's own name in the price book."),
        Column("pattern", TEXT, "Names it is called by, as a regular expression, matched in full without case."),
        Column(
            "unit",
            NAME,
            "What is priced; or `discount of ...`, `uplift of ...`, `deployment of a model`, `reported cost`,"
            " `credit ...`.",
        ),
        Column("context", NAME, "`tier=flex`, `processing=batch`, ... joined by `;`; empty for the ordinary price."),
        Column(
            "size_from",
            COUNT,
            "Prompt size from which it holds for the whole request; of a marginal price, the first of the unit's own"
            " tokens it is for.",
            unit="tokens",
        ),
        Column("amount", MONEY, "The vendor's amount.", unit="currency"),
        Column("per", COUNT, "For how many units.", unit="unit"),
        Column("currency", NAME, "ISO 4217 code."),
        Column("valid_from", INSTANT, "From this instant."),
        Column("valid_to", INSTANT, "Up to this one, not included."),
        Column("source", TEXT, "Who says so."),
        Column("recorded_at", INSTANT, "When we learnt it."),
        Column("correction", FLAG, "It replaces what an earlier record wrongly said about the same period."),
        Column("marginal", FLAG, "It is only for the unit's tokens from `size_from` on, not for the whole request."),
    ),
)
RULE = Table(
    "rule",
    "One allocation rule in one version of the rules.",
    ("rule_version", "place"),
    (
        Column("rule_version", NAME, "Version (fingerprint) of the whole list."),
        Column("place", COUNT, "Place in the list; the first that matches wins."),
        Column("rule", NAME, "Its name."),
        Column("definition", TEXT, "The rule as TOML was read, in JSON."),
        Column("applied_at", INSTANT, "When this version was put into force."),
        Column("kind", NAME, "Empty for a rule; `dimension` or `mapping` for what rules name."),
        Column("author", NAME, "Who put it into force.", optional=True),
        Column("reason", TEXT, "Why.", optional=True),
        Column("effective_from", DAY, "First day of the first month it is for; absent for all months.", optional=True),
    ),
)
