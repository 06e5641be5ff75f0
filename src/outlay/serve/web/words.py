"""Words: what the page calls things, in the language of the people who read it."""

from dataclasses import dataclass

from outlay.terms.attribution import ATTRIBUTION


@dataclass(frozen=True, slots=True)
class Dimension:
    """How the page speaks of a dimension.

    Args:
        one: Its name, as a heading of a column.
        many: Several of its values.
        nobody: What names none.
    """

    one: str
    many: str
    nobody: str


#: The dimensions the tables can be cut by, in the order in which they are offered.
DIMENSIONS = {
    "feature": Dimension("Feature", "features", "No feature named"),
    "team": Dimension("Team", "teams", "No team named"),
    "customer": Dimension("Customer", "customers", "No customer named"),
    "provider": Dimension("Provider", "providers", "No provider named"),
    "service_name": Dimension("Vendor product", "vendor products", "No product named"),
    "service": Dimension("Service", "services", "No service named"),
    "model": Dimension("Model", "models", "No model involved"),
    "environment": Dimension("Environment", "environments", "No environment named"),
}
#: What one asks about next, once a value of a dimension is chosen.
NEXT = {
    "feature": ("model", "customer", "provider"),
    "team": ("feature", "provider", "customer"),
    "customer": ("feature", "model", "provider"),
    "provider": ("service_name", "feature", "team"),
    "service_name": ("feature", "team", "customer"),
    "service": ("feature", "provider", "customer"),
    "model": ("feature", "customer", "team"),
    "environment": ("feature", "provider", "team"),
}
#: Dimensions that can be filtered by but not cut by.
_FURTHER = {
    "user": "User",
    "release": "Release",
    "day": "Day",
    "state": "State",
    "rule": "Rule",
    "method": "How",
    "driver": "Measured by",
    "currency": "Currency",
    "sub_account_name": "Account",
    "charge_category": "Kind of charge",
}

#: Dimensions that usage is recorded by, so that a change can be told from calls, their size and their price.
MEASURED = frozenset({*ATTRIBUTION, "model"})

#: What each effect of a whole period is called: (it added, it saved).
EFFECTS = {
    "days": ("Longer period", "Shorter period"),
    "calls": ("More calls", "Fewer calls"),
    "mix": ("Calls moved to dearer {many}", "Calls moved to cheaper {many}"),
    "quantity": ("Bigger calls", "Smaller calls"),
    "price": ("Dearer per token or unit", "Cheaper per token or unit"),
    "new": ("New {many}", "New {many}"),
    "retired": ("Gone {many}", "Gone {many}"),
    "other": ("Not measured by usage", "Not measured by usage"),
}
#: The same, as what mainly moved one row; its own calls are one effect there.
MAINLY = {
    "days": ("a longer period", "a shorter period"),
    "calls": ("more calls", "fewer calls"),
    "quantity": ("bigger calls", "smaller calls"),
    "price": ("dearer per token or unit", "cheaper per token or unit"),
    "new": ("new in this period", "new in this period"),
    "retired": ("gone since", "gone since"),
    "other": ("no usage to explain it", "no usage to explain it"),
}
VERDICTS = {
    "bug": "This looks like a bug or an unpriced decision, not growth.",
    "growth": "This looks like growth: cost follows customers and users.",
    "price": "This looks like a change of price or model.",
    "allocation": "No usage explains it, so look at the bill itself or at how it is shared out.",
    "none": "No feature's daily cost changed by more than a tenth.",
}
#: The parts of a gap: what each is called, and what it means.
CAUSES = {
    "unseen": ("Calls we did not see", "billed, and no event tells of them"),
    "timed_out": ("Timed out, and billed", "attempts whose end we never heard"),
    "counted_twice": ("Counted twice", "calls that one sensor reported twice"),
    "not_billed": ("Seen, but not billed", "usage that is on no bill, such as models you host yourself"),
    "timing": ("Billed on another day", "a late posting, or another time zone"),
    "price": ("Different prices", "billed at another price than the price book's"),
    "context": ("Different context", "billed in another context than events say: batch, tier, cache"),
    "restatement": ("Restated", "an invoice that was changed after its period was over"),
    "unmetered": ("Not counted by usage", "billed for what no event counts, such as storage"),
    "credits_and_tax": ("Credits, tax and fees", "which no usage explains"),
    "rest": ("The rest", "rounding, and lines that say no quantity"),
}
#: How a rule gave a share, by method.
METHODS = {
    "direct": "given as the bill's line says",
    "even": "in equal parts",
    "fixed": "in fixed parts",
    "proportional": "in proportion to other costs",
    "driver": "split by {driver}",
    "passed on": "passed on to another rule",
    "none": "no rule shares it out",
}
#: How the last run of a source went.
OUTCOMES = {
    "imported": "brought something new",
    "unchanged": "nothing new",
    "failed": "failed",
    "never run": "not run yet",
}
#: What is wrong with a source, by the rule that says so.
FINDINGS = {
    "source-stopped": "Stopped",
    "source-failing": "Fails",
    "source-silent": "Brings no new days",
}
#: What each state of a figure means, from the least final to the most.
STATES = {
    "estimated": "Usage times price; no bill yet.",
    "billed": "There is a bill, not yet to the month's end or not yet explained.",
    "reconciled": "The whole month is billed, held against usage, and explained to within one percent.",
    "closed": "Final. What comes later is shown in a later month.",
}
_DRIVERS = {"estimated_cost": "usage times price", "gb_month": "GB-months"}


def driver_of(name: str) -> str:
    """Return what a driver is called.

    >>> driver_of("estimated_cost"), driver_of("calls"), driver_of("unit:read_unit")
    ('usage times price', 'calls', 'read unit')
    """
    bare = name.rpartition(":")[2]
    return _DRIVERS.get(bare, bare.replace("_", " "))


def heading(dimension: str) -> str:
    """Return what a dimension is called.

    >>> heading("service_name"), heading("tag:env"), heading("release")
    ('Vendor product', 'tag:env', 'Release')
    """
    found = DIMENSIONS.get(dimension)
    return found.one if found else _FURTHER.get(dimension, dimension)


def value_of(dimension: str, value: object) -> str:
    """Return a value of a dimension as it is shown; what names none has a name too.

    >>> value_of("team", "growth"), value_of("team", None), value_of("release", "")
    ('growth', 'No team named', 'No release named')
    """
    if value is not None and value != "":
        return str(value)
    found = DIMENSIONS.get(dimension)
    return found.nobody if found else f"No {heading(dimension).lower()} named"
