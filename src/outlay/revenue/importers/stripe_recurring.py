"""Monthly recurring revenue from Stripe's subscriptions: `outlay import stripe_recurring [FILE.json...]`.

Without a file it asks the API, with a restricted key in `STRIPE_API_KEY`. `--option customer=metadata.KEY` as for
stripe_invoices. Of a customer and month that has invoiced revenue, the invoiced counts. See docs/revenue.md.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.stripe import fetch, recurring

IMPORTER = Importer(
    name="stripe_recurring",
    table="revenue",
    read=recurring.read,
    fetch=fetch.terms,
    options=fetch.OPTIONS,
)
