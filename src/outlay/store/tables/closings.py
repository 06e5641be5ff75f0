"""Tables of closed months: who closed what and why, and what moved afterwards. Append-only: the newest row holds."""

from outlay.store.tables.columns import DAY, FLAG, INSTANT, MONEY, NAME, TEXT, Column, Table

CLOSING = Table(
    "closing",
    "One decision about a month: its figures are final, or it is open again.",
    ("month", "decided_at"),
    (
        Column("month", DAY, "First day of the month."),
        Column("decided_at", INSTANT, "When."),
        Column("closed", FLAG, "Whether it is closed from then on."),
        Column("actor", NAME, "Who decided."),
        Column("reason", TEXT, "Why; of a closing, why its gap was accepted where it was large."),
        Column("run", NAME, "The run whose figures are final."),
        Column("rule_version", NAME, "Version of the rules it used."),
        Column("fingerprint", NAME, "SHA-256 of the ledger's sums, in hex: figures that still match are unchanged."),
    ),
)
MOVEMENT = Table(
    "movement",
    "By how much one run moved a month that was over, for one attribution.",
    ("month", "moved_at", "currency"),
    (
        Column("month", DAY, "First day of the month that moved."),
        Column("moved_at", INSTANT, "When the run found it."),
        Column("made_by", NAME, "That run."),
        Column("closed", FLAG, "Whether the month is closed: then its own figures stay, and this is an adjustment."),
        Column("booked_in", DAY, "First day of the month in which it is shown: the moved one, or a later open one."),
        Column("take_ins", TEXT, "The imports that came since the run before, joined by commas; empty for none."),
        Column("feature", NAME, "Product feature.", optional=True),
        Column("customer", NAME, "Paying customer (tenant).", optional=True),
        Column("team", NAME, "Team that owns the feature.", optional=True),
        Column("currency", NAME, "ISO 4217 code."),
        Column("before", MONEY, "Its part of the bill before, adjustments included.", unit="currency"),
        Column("after", MONEY, "Its part of the bill after.", unit="currency"),
    ),
)
