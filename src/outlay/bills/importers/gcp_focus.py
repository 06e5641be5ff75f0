"""Google Cloud's FOCUS view (`gcp_billing_export_focus_*`, or the view over standard and detailed exports), as a file.

Source: Google's published FOCUS view. It is FOCUS but for its tags, which are a list of keys and values with where each
comes from. Names of columns that are nested (`x_Credits`, `x_Project`) are kept in `extra`. For a file whose tags are a
plain object `focus` does as well, and is faster.
"""

from outlay.bills.importer import Importer
from outlay.bills.written import COLUMNS, MANDATORY


def _focus(name: str) -> str:
    """Return the FOCUS name of a charge's column.

    >>> _focus("list_unit_price")
    'ListUnitPrice'
    """
    return "".join(part.capitalize() for part in name.split("_"))


IMPORTER = Importer(
    name="gcp_focus",
    title="Google Cloud FOCUS view",
    columns={
        **{name: (_focus(name),) for name in COLUMNS},
        "provider": ("ServiceProviderName", "ProviderName"),
        "tags": ("Tags", "x_Tags"),
    },
    mandatory=MANDATORY,
    shape="bills/gcp_focus",
    same_bill=("gcp_billing", "focus"),
    costs=("effective_cost", "list_cost"),
)
