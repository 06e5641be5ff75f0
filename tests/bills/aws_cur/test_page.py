from datetime import datetime
from decimal import Decimal
from pathlib import Path

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from tests.bills.aws_cur.making import cur
from tests.bills.making import charges
from tests.docs.examples import files
from tests.docs.pages import read


def test_the_report_that_is_shown_becomes_what_the_page_says(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """The example of docs/aws.md costs 0.12 USD, billed and effective, placed as it is told."""
    ((name, text),) = files(read("docs/aws.md")).items()
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    result = take_in(duck_store, cur(), Request([path]), now=now)
    assert (result.problems, result.matches, result.totals) == ((), True, {"USD": Decimal("0.12")})
    found = [(row["billed_cost"], row["effective_cost"]) for row in charges(duck_store)]
    assert found == [
        (Decimal("0.096"), Decimal("0.07")),
        (Decimal("-0.096"), Decimal(0)),
        (Decimal("0.10"), Decimal("0.03")),
        (Decimal("0.02"), Decimal("0.02")),
    ]
    assert charges(duck_store)[0]["tags"] == {"team": "search"}
