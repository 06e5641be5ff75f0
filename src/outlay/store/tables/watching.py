"""Tables of what is watched: runs of scheduled sources, who runs them, and findings. Of a key, the newest row holds."""

from outlay.store.tables.columns import COUNT, DAY, INSTANT, MONEY, NAME, TEXT, Column, Table

SOURCE_RUN = Table(
    "source_run",
    "One run of one scheduled source.",
    ("source", "began_at"),
    (
        Column("source", NAME, "Name of the source in the configuration."),
        Column("began_at", INSTANT, "When it began."),
        Column("ended_at", INSTANT, "When it ended."),
        Column("outcome", NAME, "imported, unchanged or failed."),
        Column("take_in", NAME, "The import it made, or that already held all it found.", optional=True),
        Column("landed", COUNT, "Rows that it brought."),
        Column("newest_day", DAY, "Newest day that its rows are about, where it is known.", optional=True),
        Column("error_code", NAME, "Stable slug of what went wrong.", optional=True),
        Column("error", TEXT, "What went wrong and how to mend it; secrets are left out.", optional=True),
        Column("next_at", INSTANT, "When it is due again."),
    ),
)
LEASE = Table(
    "lease",
    "What one process said about doing a task that only one may do at a time.",
    ("task", "holder", "said_at"),
    (
        Column("task", NAME, "The task."),
        Column("holder", TEXT, "The process: host, process number and when it began."),
        Column("said_at", INSTANT, "When it said so."),
        Column("since", INSTANT, "Since when it does the task, or waits to."),
        Column("until", INSTANT, "Until when nobody else shall; the instant it let go, where it did."),
    ),
)
FINDING = Table(
    "finding",
    "What was known about one finding at one instant.",
    ("finding", "recorded_at"),
    (
        Column("finding", NAME, "Its id: rule and subject, and when it was opened."),
        Column("recorded_at", INSTANT, "When this was recorded."),
        Column("rule", NAME, "The rule that states it."),
        Column("subject", TEXT, "What it is about."),
        Column("opened_at", INSTANT, "Since when."),
        Column("closed_at", INSTANT, "When it no longer held; absent while it does.", optional=True),
        Column("severity", NAME, "info, warning or critical."),
        Column("amount", MONEY, "Money at stake, where it is known.", unit="currency", optional=True),
        Column("currency", NAME, "Its currency.", optional=True),
        Column("evidence", TEXT, "What shows it, one sentence."),
        Column("fix", TEXT, "What to do about it, one sentence."),
    ),
)
