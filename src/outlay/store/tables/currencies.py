"""Tables of what currencies are worth in each other."""

from outlay.store.tables.columns import DAY, NAME, QUANTITY, TEXT, Column, Table
from outlay.store.tables.inlets import TAKEN

EXCHANGE_RATE = Table(
    "exchange_rate",
    "What one currency was worth in another on one day, as one import stated it.",
    ("to_currency", "from_currency", "day", "take_in"),
    (
        *TAKEN,
        Column("day", DAY, "The day it is for."),
        Column("from_currency", NAME, "ISO 4217 code of what is given."),
        Column("to_currency", NAME, "ISO 4217 code of what it is worth."),
        Column("rate", QUANTITY, "How much of `to_currency` one of `from_currency` is worth.", unit="to_currency"),
        Column("source", TEXT, "Who says so."),
    ),
)
