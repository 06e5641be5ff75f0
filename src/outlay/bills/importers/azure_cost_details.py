"""Azure cost and usage details, *actual* cost: EA, MCA and pay-as-you-go files, CSV, gzipped CSV or Parquet.

Source: Microsoft's data set schemas (see `formats.azure`). Real files write `MM/DD/YYYY` (EA) or ISO dates, tags as
`"k": "v"` without braces, the billing period's last day as part of it, and leave the period empty while it is open.
Partitions go by billing profile, because that is what an invoice is for; EA files have it, too. A refund is a purchase
that is corrected, as in Microsoft's own FOCUS exports; a rounding adjustment is an adjustment.

An *amortised* export says what the invoice does not, so its lines are refused here: import it as `azure_amortized`, and
this export with `--option amortized=apart`. Then the purchase of a reservation is billed cost only, and its use is
effective cost only.
"""

from collections.abc import Mapping
from dataclasses import replace

from outlay.bills.formats.azure import COST_DETAILS, MANDATORY
from outlay.bills.formats.options import known_only, one_of
from outlay.bills.importer import Importer

_NAME = "azure_cost_details"


def _tailored(options: Mapping[str, str]) -> Importer:
    """Return the importer for `amortized=together` (the usual) or `amortized=apart`."""
    said = known_only(_NAME, options, IMPORTER.options).get("amortized", "together")
    return replace(
        IMPORTER, settings={**IMPORTER.settings, "amortized": one_of(_NAME, "amortized", said, ("apart", "together"))}
    )


IMPORTER = Importer(
    name=_NAME,
    title="Azure cost details",
    columns=COST_DETAILS,
    mandatory=MANDATORY,
    stake=("cost", "currency"),
    costs=("effective_cost", "list_cost"),
    shape="bills/azure_cost_details",
    options=("amortized",),
    settings={"kind": "actual", "amortized": "together"},
    refusals={
        "unknown-charge-type": "check that this is a cost details export; if the type is new, say so in an issue",
        "amortized-line": "this is an export of amortised cost: import it as azure_amortized, beside the actual one",
    },
    same_bill=("focus",),
    tailored=_tailored,
)
