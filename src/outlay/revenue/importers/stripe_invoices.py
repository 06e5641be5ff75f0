"""Revenue from Stripe's invoices, credit notes and refunds, by month: `outlay import stripe_invoices [FILE.json...]`.

Without a file it asks the API, with a restricted key in `STRIPE_API_KEY`. `--option customer=metadata.KEY` says which
key of the customer's metadata is the id that usage events carry; Stripe's own id otherwise. See docs/revenue.md.
"""

from outlay.revenue.contract import Importer
from outlay.revenue.stripe import fetch, invoices, withdrawn

IMPORTER = Importer(
    name=withdrawn.SOURCE,
    table="revenue",
    read=invoices.read,
    fetch=fetch.invoices,
    settle=withdrawn.replace,
    options=fetch.OPTIONS,
)
