"""Stripe: invoices, credit notes, refunds and subscriptions, from its API or from files of the same JSON."""
