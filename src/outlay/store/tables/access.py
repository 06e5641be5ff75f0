"""Tables of who may do what, who did what, and what was let go of. Append-only: of a key, the newest row holds."""

from outlay.store.tables.columns import COUNT, DAY, FLAG, INSTANT, NAME, TAGS, TEXT, Column, Table

API_KEY = Table(
    "api_key",
    "What was decided about one key at one instant: made, changed or revoked.",
    ("key", "recorded_at"),
    (
        Column("key", NAME, "Its public part, which names it."),
        Column("recorded_at", INSTANT, "When this was decided."),
        Column("name", TEXT, "What people call it."),
        Column("digest", TEXT, "SHA-256 of its secret part, in hex; the secret itself is nowhere."),
        Column("scopes", NAME, "What it may do: ingest, read, admin; separated by commas."),
        Column("bound", TAGS, "Dimensions that all it sends has, whatever the events say."),
        Column("events_per_second", COUNT, "The most it may send; absent for no limit.", unit="events", optional=True),
        Column("expires_at", INSTANT, "When it ends; absent for never.", optional=True),
        Column("revoked", FLAG, "Whether it has ended already."),
    ),
)
AUDIT = Table(
    "audit",
    "One act that somebody may have to answer for.",
    ("done_at", "action"),
    (
        Column("done_at", INSTANT, "When."),
        Column("actor", NAME, "Who: a key, or `local` for whoever has this machine."),
        Column("action", NAME, "key-made, key-revoked, key-rotated, events-removed, user-erased, ..."),
        Column("subject", TEXT, "To what; never a secret, never what was erased."),
        Column("detail", TEXT, "With which effect."),
    ),
)
REMOVAL = Table(
    "removal",
    "One removal of the usage events of one month; from the first on, the month's ledger stays as it is.",
    ("month", "removed_at"),
    (
        Column("month", DAY, "First day of the month."),
        Column("removed_at", INSTANT, "When."),
        Column("events", COUNT, "How many there were.", unit="events"),
        Column("done", FLAG, "Whether they are gone; a row that says no is written before, one that says yes after."),
    ),
)
