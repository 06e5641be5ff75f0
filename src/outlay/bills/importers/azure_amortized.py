"""Azure cost and usage details, *amortised* cost: what reservations and savings plans covered, and left unused.

Source: Microsoft's data set schemas (see `formats.azure`). The file repeats every line of the actual export, which is
imported as `azure_cost_details --option amortized=apart`. So that nothing counts twice, lines that no commitment paid
for are skipped by name (`in-actual-export`). The others are billed at nothing, because the purchase was, and their
amortised cost is effective cost. `UnusedReservation` and `UnusedSavingsPlan` are charges with the status *Unused*.
"""

from outlay.bills.formats.azure import COST_DETAILS, MANDATORY
from outlay.bills.importer import Importer

IMPORTER = Importer(
    name="azure_amortized",
    title="Azure amortised cost details",
    columns=COST_DETAILS,
    mandatory=MANDATORY,
    stake=("cost", "currency"),
    costs=("effective_cost",),
    part_of=("focus",),
    shape="bills/azure_cost_details",
    settings={"kind": "amortized", "amortized": "apart"},
    refusals={
        "unknown-charge-type": "check that this is a cost details export; if the type is new, say so in an issue",
        "amortized-line": "import the file as azure_amortized",
    },
)
