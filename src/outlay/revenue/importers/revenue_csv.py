"""Revenue: `customer`, `month`, `amount`, and optionally `kind` and `currency` (USD unless said).

A later import restates: for each customer and month that it names, it replaces what earlier ones said.
"""

from outlay.revenue.contract import Importer, currency, money, month, text

IMPORTER = Importer(
    name="revenue_csv",
    table="revenue",
    columns={"customer": text, "month": month, "kind": text, "amount": money, "currency": currency},
    mandatory=("customer", "month", "amount"),
    defaults={"kind": "subscription", "currency": "USD"},
)
