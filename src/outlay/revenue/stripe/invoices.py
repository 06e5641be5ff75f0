"""Invoices by month: each line's net amount, spread over the months of its period; credit notes and refunds take away.

Tax is left out and named. What an invoice itself says it comes to without tax is the control total. An invoice that is
a draft or void is no revenue; one that nobody will pay was revenue, and is left out with its amount named.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from outlay.errors import Unreadable
from outlay.fetching.reading import Part
from outlay.revenue.contract import Asked, Line
from outlay.revenue.stripe import amounts
from outlay.revenue.stripe.customers import Customers
from outlay.revenue.stripe.files import Held, held
from outlay.revenue.stripe.spread import by_month
from outlay.revenue.stripe.window import window
from outlay.terms.money import plain, split
from outlay.terms.period import Period
from outlay.terms.problem import Problem

_NO_REVENUE = ("draft", "void")
_UNPAID = "uncollectible"
_SHIPPING = "shipping"
_TAKES_AWAY = ("credit_note", "refund")
_OUTSIDE = "outside the period"
_FAILED = ("failed", "canceled")
#: Why a line cannot be taken in, and what mends it.
_FIXES = {
    "no-customer": "give the payment a customer at Stripe, or enter it by revenue_csv",
    "unknown-currency": "Outlay knows the currencies of ISO 4217; enter it by revenue_csv in one of them",
    "bad-period": "mend the period of the line at Stripe",
    "not-as-documented": "the object is not as Stripe documents it; export it again",
    "lines-missing": "export the other pages of the invoice's lines too",
}
_Span = tuple[datetime, datetime]


class _Bad(ValueError):
    """A line that cannot be taken in; its text is the code."""


def read(paths: Sequence[Path], asked: Asked) -> Iterator[Line]:
    """Yield what each line of an invoice, line of a credit note and refund became.

    Raises:
        BadInput: An option cannot be used.
        Unreadable: A file is not Stripe's JSON.
    """
    found = held(paths)
    book = _Book(found, Customers.asked(asked.options), window(asked), asked.files)
    for place, invoice in found.objects["invoice"]:
        yield from book.invoice(place, invoice)
    for place, note in found.objects["credit_note"]:
        yield from book.credit_note(place, note)
    for place, refund in found.objects["refund"]:
        yield book.one(place, refund, refund, partial(book.refund, refund))
    yield from found.missing_pages()
    taxes = ", ".join(f"{plain(amount)} {code}" for code, amount in sorted(book.taxes.items()) if amount)
    yield Line(1, 0, notes=[*book.customers.notes(), *([f"tax left out: {taxes}"] if taxes else [])])


@dataclass(slots=True)
class _Book:
    """What is known while objects are read.

    Args:
        held: All objects.
        customers: How customers are called.
        window: The months wanted; None for all.
        files: Names of the files.
        spans: Period by line of an invoice.
        credited: Refunds that a credit note counts.
        taxes: Tax left out, by currency.
        counts: Records met so far, by file.
    """

    held: Held
    customers: Customers
    window: Period | None
    files: Sequence[str]
    spans: dict[str, _Span] = field(default_factory=dict)
    credited: set[str | None] = field(default_factory=set)
    taxes: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def invoice(self, place: int, invoice: Part) -> Iterator[Line]:
        """Yield the lines of an invoice; what it is sent for is a line like any other."""
        try:
            lines, is_whole = [*self.held.lines_of(invoice), *_shipping(invoice)], self.held.has_all_lines(invoice)
            status = invoice.text("status") or ""
            control = self._control(invoice, 1) if status not in _NO_REVENUE else {}
        except Unreadable:
            yield self._problem(place, invoice, invoice, "not-as-documented")
            return
        if not is_whole:
            yield self._problem(place, invoice, invoice, "lines-missing")
            return
        if not lines:
            yield Line(place, 0, control=control)
        for line in lines:
            made = self.one(place, line, invoice, partial(self._line, invoice, line, status))
            yield replace(made, control=control)
            control = {}

    def credit_note(self, place: int, note: Part) -> Iterator[Line]:
        """Yield the lines of a credit note: they take away over the period of what they credit."""
        refunds = note.fields.get("refunds")
        for refund in refunds if isinstance(refunds, list) else ():
            self.credited.add(_ident(refund.get("refund") if isinstance(refund, dict) else refund))
        self.credited.add(_ident(note.fields.get("refund")))
        try:
            lines = self.held.lines_of(note)
            control = {} if note.text("status") == "void" else self._control(note, -1)
        except Unreadable:
            yield self._problem(place, note, note, "not-as-documented")
            return
        for line in lines:
            yield replace(self.one(place, line, note, partial(self._credit, note, line)), control=control)
            control = {}

    def refund(self, refund: Part) -> Line:
        """Return what a refund takes away, in the month in which it was made."""
        if refund.text("status") in _FAILED:
            return Line(0, 0, skipped="failed refund")
        if refund.text("id") in self.credited:
            return Line(0, 0, skipped="counted in its credit note")
        invoice = self._invoice_of(refund)
        if invoice is None:
            return Line(0, 0, skipped="refund of a payment without an invoice")
        code = self._currency(refund)
        amount = amounts.major(-refund.count("amount"), code)
        whole, without_tax = invoice.count("total"), invoice.amount("total_excluding_tax")
        if without_tax is not None and 0 <= without_tax < whole:
            amount, of_tax = split(amount, [int(without_tax), whole - int(without_tax)])
            self.taxes[code] = self.taxes.get(code, Decimal(0)) + of_tax
        at = refund.unix("created")
        who = self._customer(invoice, _details(invoice), refund)
        return replace(self._spread(who, "refund", amount, code, (at, at)), control={code: amount})

    def one(self, place: int, part: Part, owner: Part, entered: Callable[[], Line]) -> Line:
        """Return what a record became, with its place; a problem where it cannot be taken in."""
        try:
            return replace(entered(), file=place, line=self._number(place))
        except _Bad as bad:
            return self._problem(place, part, owner, str(bad))
        except Unreadable:
            return self._problem(place, part, owner, "not-as-documented")

    def _line(self, invoice: Part, line: Part, status: str) -> Line:
        if status in _NO_REVENUE:
            return Line(0, 0, skipped=f"{status} invoice")
        code = self._currency(invoice)
        span = _span(line, invoice)
        self.spans[line.text("id") or ""] = span
        amount = amounts.major(amounts.net(line), code)
        if status == _UNPAID:
            return Line(0, 0, skipped="uncollectible invoice", left_out={"uncollectible invoice": {code: amount}})
        self.taxes[code] = self.taxes.get(code, Decimal(0)) + amounts.major(amounts.tax(line), code)
        return self._spread(self._customer(invoice, _details(invoice), line), _kind(line), amount, code, span)

    def _credit(self, note: Part, line: Part) -> Line:
        if note.text("status") == "void":
            return Line(0, 0, skipped="void credit note")
        code = self._currency(note)
        at = note.unix("created" if note.fields.get("effective_at") is None else "effective_at")
        span = self.spans.get(line.text("invoice_line_item") or "", (at, at))
        amount = amounts.major(-amounts.net(line), code)
        self.taxes[code] = self.taxes.get(code, Decimal(0)) - amounts.major(amounts.tax(line), code)
        return self._spread(self._customer(note, line), "credit_note", amount, code, span)

    def _spread(self, who: str, kind: str, amount: Decimal, code: str, span: _Span) -> Line:
        try:
            parts = by_month(amount, *span)
        except ValueError as error:
            raise _Bad("bad-period") from error
        wanted = {m: part for m, part in parts.items() if self._is_wanted(m)}
        outside = amount - sum(wanted.values(), Decimal(0))
        left_out = {_OUTSIDE: {code: outside}} if len(wanted) < len(parts) else {}
        rows = [
            {"customer": who, "month": month, "kind": kind, "amount": part, "currency": code}
            for month, part in wanted.items()
        ]
        return Line(0, 0, rows, skipped="" if rows else _OUTSIDE, left_out=left_out)

    def _is_wanted(self, month: date) -> bool:
        return self.window is None or self.window.first <= month < self.window.end

    def _currency(self, part: Part) -> str:
        if (code := amounts.currency(part)) is None:
            raise _Bad("unknown-currency")
        return code

    def _customer(self, *objects: Part) -> str:
        if (who := self.customers.of(*objects)) is None:
            raise _Bad("no-customer")
        return who

    def _invoice_of(self, refund: Part) -> Part | None:
        """Return the invoice that a refunded payment paid; None when there is none."""
        charge = refund.fields.get("charge")
        charged = charge if isinstance(charge, dict) else {}
        paid = {_ident(refund.fields.get("payment_intent")), _ident(charged.get("payment_intent")), _ident(charge)}
        named = {_ident(charged.get("invoice"))}
        for _, payment in self.held.objects["invoice_payment"]:
            by = payment.part("payment")
            if (paid - {None}) & {_ident(by.fields.get("payment_intent")), _ident(by.fields.get("charge"))}:
                named.add(_ident(payment.fields.get("invoice")))
        for _, invoice in self.held.objects["invoice"]:
            own = {_ident(invoice.fields.get("charge")), _ident(invoice.fields.get("payment_intent"))}
            if invoice.text("id") in named or (paid - {None}) & own:
                return invoice
        return None

    def _control(self, owner: Part, sign: int) -> Mapping[str, Decimal]:
        """Return what an invoice or credit note itself says it comes to without tax."""
        code, without_tax = amounts.currency(owner), owner.amount("total_excluding_tax")
        return {} if code is None or without_tax is None else {code: amounts.major(sign * without_tax, code)}

    def _number(self, place: int) -> int:
        self.counts[place] = self.counts.get(place, 0) + 1
        return self.counts[place]

    def _problem(self, place: int, part: Part, owner: Part, code: str) -> Line:
        """Return a record as a problem, with the money at stake where that can be read."""
        stake, currency = None, None
        with suppress(Unreadable):
            code_of = amounts.currency(owner)
            minor = part.count("total") if "total" in part.fields else amounts.net(part)
            sign = -1 if owner.fields.get("object") in _TAKES_AWAY else 1
            stake, currency = (amounts.major(sign * minor, code_of), code_of) if code_of else (None, None)
        number, ident = self._number(place), part.fields.get("id")
        shown = ident[:80] if isinstance(ident, str) else None
        problem = Problem(code, self.files[place - 1], number, "id", shown, stake, currency, _FIXES[code])
        control = {currency: stake} if part is owner and stake is not None and currency else {}
        return Line(place, number, problem=problem, control=control)


def _shipping(invoice: Part) -> list[Part]:
    """Return what an invoice is sent for, as a line of its own."""
    cost = invoice.part("shipping_cost").fields
    if not cost:
        return []
    ident = {"id": f"shipping of {invoice.text('id')}", "type": _SHIPPING}
    return [Part({**ident, "amount": cost.get("amount_subtotal"), "taxes": cost.get("taxes")}, invoice.where)]


def _span(line: Part, invoice: Part) -> _Span:
    period = line.part("period")
    if not period.fields:
        at = invoice.unix("created")
        return at, at
    return period.unix("start"), period.unix("end")


def _kind(line: Part) -> str:
    """Return what kind of revenue a line is: subscription, usage, one_time or shipping."""
    if line.text("type") == _SHIPPING:
        return _SHIPPING
    plan, price = line.part("plan"), line.part("price")
    if "metered" in (plan.text("usage_type"), price.part("recurring").text("usage_type")):
        return "usage"
    parent = line.part("parent")
    of_item = parent.text("type") == "invoice_item_details" or line.text("type") == "invoiceitem"
    is_proration = line.flag("proration") or parent.part("invoice_item_details").flag("proration")
    return "one_time" if of_item and not is_proration else "subscription"


def _details(invoice: Part) -> Part:
    """Return what an invoice keeps of its subscription, its metadata above all."""
    return Part(
        {**invoice.part("subscription_details").fields, **invoice.part("parent").part("subscription_details").fields},
        "",
    )


def _ident(found: object) -> str | None:
    """Return an id that is written as itself or as the whole object."""
    if isinstance(found, dict):
        found = found.get("id")
    return found if isinstance(found, str) else None
