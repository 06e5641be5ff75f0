"""Customers, their plan and status from Stripe's subscriptions: `outlay import stripe_subscriptions [FILE.json...]`.

Without a file it asks the API, with a restricted key in `STRIPE_API_KEY`. `--option customer=metadata.KEY` as for
stripe_invoices; `--option segment=KEY` names the key of the customer's metadata that is its segment.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.stripe import fetch, subscriptions

IMPORTER = Importer(
    name="stripe_subscriptions",
    table="customer",
    read=subscriptions.read,
    fetch=fetch.subscriptions,
    options=(*fetch.OPTIONS, "segment"),
)
