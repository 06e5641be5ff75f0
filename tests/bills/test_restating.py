import gzip
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from outlay.terms.take_in import Restatement
from tests.bills.making import ask, billed, charges, focus, text_of, written


def day(number: int, cost: str = "1", **more: str) -> dict[str, str]:
    """Return a line of one day of October."""
    return {
        "ChargePeriodStart": f"2026-10-{number:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-10-{number + 1:02}T00:00:00Z",
        "BilledCost": cost,
        **more,
    }


def test_the_same_content_is_recognised_whatever_it_is_called(store: Store, tmp_path: Path, now: datetime) -> None:
    """The same file again, under another name, gzipped or in another encoding, adds nothing."""
    lines = [day(1), day(2)]
    first = take_in(store, focus(), Request([written(tmp_path / "a.csv", *lines)]), now=now)
    packed, wide = tmp_path / "b.csv.gz", tmp_path / "c.csv"
    packed.write_bytes(gzip.compress(text_of(lines).encode()))
    wide.write_bytes(text_of(lines).encode("utf-16"))
    for path in (tmp_path / "a.csv", packed, wide):
        again = take_in(store, focus(), Request([path]), now=now + timedelta(days=1))
        assert (again.repeated, again.take_in) == (first.take_in, first.take_in)
        assert (again.files, again.lines, again.landed, again.skipped) == ((path.name,), 2, 0, {"already-imported": 2})
    assert billed(store) == 2
    assert store.count("take_in") == 1


def test_one_of_several_files_is_recognised_with_its_own_lines(store: Store, tmp_path: Path, now: datetime) -> None:
    """A part of an earlier import counts only its own lines as already imported."""
    paths = [written(tmp_path / "a.csv", day(1)), written(tmp_path / "b.csv", day(2), day(3))]
    first = take_in(store, focus(), Request(paths), now=now)
    again = take_in(store, focus(), Request(paths[1:]), now=now)
    assert (again.repeated, again.lines, again.skipped) == (first.take_in, 2, {"already-imported": 2})


def test_daily_files_add_up_to_a_month(store: Store, tmp_path: Path, now: datetime) -> None:
    """Files of other days of the same month replace nothing, in whatever order they come."""
    for place, days in enumerate([(1, 3), (2,), (5,), (4,)]):
        path = written(tmp_path / f"{place}.csv", *(day(number) for number in days))
        result = take_in(store, focus(), Request([path]), now=now + timedelta(days=place))
        assert (result.landed, result.restated) == (len(days), ())
    assert billed(store) == 5


def test_a_restated_file_replaces_its_partition_and_says_what_moved(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    """The newer statement of the same days holds; the change is reported; other accounts stay."""
    old = take_in(
        store,
        focus(),
        Request([written(tmp_path / "a.csv", day(1, "10"), day(1, "5", BillingAccountId="222"))]),
        now=now,
    )
    new = take_in(store, focus(), Request([written(tmp_path / "b.csv", day(1, "7"), day(2, "1"))]), now=now)
    assert new.restated == (Restatement(old.take_in, "AWS 111 2026-10", "USD", Decimal(10), Decimal(8)),)
    assert billed(store) == 13


def test_what_is_reported_adds_up_to_what_moves(store: Store, tmp_path: Path, now: datetime) -> None:
    """One file that replaces two imports, and another currency that comes with it, are counted once."""
    for number, cost in ((1, "10"), (2, "20")):
        take_in(
            store,
            focus(),
            Request([written(tmp_path / f"{number}.csv", day(number, cost))]),
            now=now + timedelta(days=number),
        )
    path = written(tmp_path / "new.csv", day(1, "11"), day(2, "22"), day(2, "3", BillingCurrency="EUR"))
    result = take_in(store, focus(), Request([path]), now=now + timedelta(days=3))
    moved = {
        currency: sum(r.after - r.before for r in result.restated if r.currency == currency)
        for currency in ("USD", "EUR")
    }
    assert moved == {"USD": Decimal(3), "EUR": Decimal(3)}
    assert [(r.before, r.after) for r in result.restated if r.currency == "USD"] == [
        (Decimal(10), Decimal(0)),
        (Decimal(20), Decimal(33)),
    ]


def test_append_adds_to_the_same_days(store: Store, tmp_path: Path, now: datetime) -> None:
    """With --append the same days add up; the same content is still recognised."""
    take_in(store, focus(), Request([written(tmp_path / "a.csv", day(1, "10"))]), now=now)
    more = Request([written(tmp_path / "b.csv", day(1, "5"))], append=True)
    assert take_in(store, focus(), more, now=now).restated == ()
    assert billed(store) == 15
    assert take_in(store, focus(), more, now=now).repeated
    assert billed(store) == 15


def test_going_back_to_an_earlier_file_brings_it_back(store: Store, tmp_path: Path, now: datetime) -> None:
    """A, then B, then A again: A holds, even at the same instant."""
    a, b = written(tmp_path / "a.csv", day(1, "10")), written(tmp_path / "b.csv", day(1, "7"))
    made = [take_in(store, focus(), Request([path]), now=now) for path in (a, b, a)]
    assert [result.repeated for result in made] == [None, None, None]
    assert len({result.take_in for result in made}) == 3
    assert [(r.before, r.after) for r in made[2].restated] == [(Decimal(7), Decimal(10))]
    assert billed(store) == 10
    assert take_in(store, focus(), Request([a]), now=now).repeated == made[2].take_in


def test_a_file_replaced_in_part_can_be_brought_back_whole(store: Store, tmp_path: Path, now: datetime) -> None:
    """Only one of its accounts was restated since: importing the file again restores that one, and adds nothing."""
    both = written(tmp_path / "a.csv", day(1, "10"), day(1, "5", BillingAccountId="222"))
    take_in(store, focus(), Request([both]), now=now)
    take_in(store, focus(), Request([written(tmp_path / "b.csv", day(1, "7"))]), now=now)
    assert billed(store) == 12
    assert take_in(store, focus(), Request([both]), now=now).repeated is None
    assert billed(store) == 15
    assert len(charges(store)) == 2


def test_partitions_know_their_own_control_total(store: Store, tmp_path: Path, now: datetime) -> None:
    """Two months in one file are two partitions, each with the total of its own lines, broken ones included."""
    november = {"BillingPeriodStart": "2026-11-01", "BillingPeriodEnd": "2026-12-01"}
    path = written(tmp_path / "a.csv", day(1, "10"), day(1, "5", **november), day(1, "2", ChargeCategory="?"))
    take_in(store, focus(), Request([path]), now=now)
    found = ask(store, 'SELECT * FROM "partition" ORDER BY billing_period_start')
    assert [(r["billed_cost"], r["control_total"], r["lines"]) for r in found] == [(10, 12, 1), (5, 5, 1)]
