import gzip
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from outlay.bills.importer import Asked
from outlay.bills.importers import importers
from outlay.bills.places.exports import fetch
from outlay.bills.take_in import Request, take_in
from outlay.errors import BadInput, SourceFailed, Unreadable
from outlay.store import Store
from tests.bills.aws_cur.making import as_csv, as_parquet, cur, gzipped, lines, of
from tests.bills.making import billed, charges, left_behind, written

SEPTEMBER = {
    "bill_billing_period_start_date": "2026-09-01T00:00:00Z",
    "bill_billing_period_end_date": "2026-10-01T00:00:00Z",
    "line_item_usage_start_date": "2026-09-05T10:00:00Z",
    "line_item_usage_end_date": "2026-09-05T11:00:00Z",
}


def put(path: Path, content: bytes | dict[str, object]) -> Path:
    """Write a file, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(content).encode() if isinstance(content, dict) else content)
    return path


def data_export(root: Path, month: str, cost: str, *, run: str = "", **manifest: object) -> Path:
    """Write a CUR 2.0 export of one month, of one line in one file, as Data Exports lays it out below `cur/daily`."""
    differs = SEPTEMBER if month == "2026-09" else {}
    folder = f"BILLING_PERIOD={month}" + (f"/{run}" if run else "")
    part = root / "cur/daily/data" / folder / "daily-00001.snappy.parquet"
    part.parent.mkdir(parents=True, exist_ok=True)
    as_parquet(part, lines(of("Usage", cost, **differs)))
    key = f"s3://bills/{part.relative_to(root).as_posix()}"
    said = {"executionId": run or "e", "dataFiles": [key], "columns": [], **manifest}
    put(root / "cur/daily/metadata" / folder / "daily-Manifest.json", said)
    return part


def legacy_report(root: Path, days: str, assembly: str, costs: tuple[str, ...], *, newest: bool = True) -> None:
    """Write a legacy report in several parts, as new versions are laid out below `reports/hourly`."""
    folder = root / "reports/hourly" / days
    differs = SEPTEMBER if days.startswith("202609") else {}
    keys = []
    for number, cost in enumerate(costs, start=1):
        part = folder / assembly / f"hourly-{number}.csv.gz"
        put(part, gzipped(as_csv(lines(of("Usage", cost, **differs)), legacy=True)))
        keys.append(part.relative_to(root).as_posix())
    said: dict[str, object] = {"assemblyId": assembly, "reportKeys": keys, "bucket": "bills", "reportName": "hourly"}
    put(folder / assembly / "hourly-Manifest.json", said)
    if newest:
        put(folder / "hourly-Manifest.json", said)


def test_a_folder_gives_what_its_manifests_name(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """Every month that a manifest describes is read; a stray file beside them is not."""
    part = data_export(tmp_path, "2026-09", "3")
    data_export(tmp_path, "2026-10", "5")
    shutil.copy(part, part.with_name("daily-00009.snappy.parquet"))
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert (result.landed, result.totals, result.problems) == (2, {"USD": Decimal(8)}, ())


def test_of_several_runs_only_the_newest_is_read(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """Data Exports that keep every run name it by its instant; the last one counts, whenever it was copied."""
    data_export(tmp_path, "2026-10", "7", run="20261103T050000.000Z-1f0a")
    data_export(tmp_path, "2026-10", "5", run="20261102T050000.000Z-2e0b")
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert result.totals == {"USD": Decimal(7)}
    assert result.notes == ("1 older or other versions left alone",)


def test_of_a_legacy_report_the_assembly_counts_that_its_manifest_names(
    duck_store: Store, tmp_path: Path, now: datetime
) -> None:
    """The manifest above the assemblies leads to the newest one, all of its parts and nothing else."""
    legacy_report(tmp_path, "20261001-20261101", "aaaa-1", ("1", "2"))
    legacy_report(tmp_path, "20261001-20261101", "bbbb-0", ("10", "20", "30"))
    legacy_report(tmp_path, "20260901-20261001", "cccc-1", ("100",))
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path / "reports")]), now=now)
    assert (result.landed, result.totals) == (4, {"USD": Decimal(160)})


def test_a_copy_of_a_bucket_may_begin_at_any_of_its_folders(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """The keys of a manifest are found below the folder that was named, or above it."""
    data_export(tmp_path, "2026-10", "5")
    for place in ("cur", "cur/daily", "cur/daily/metadata/BILLING_PERIOD=2026-10/daily-Manifest.json"):
        result = take_in(duck_store, cur(), Request(places=[str(tmp_path / place)]), now=now)
        assert (result.lines, result.totals) == (1, {"USD": Decimal(5)}), place


def test_a_missing_part_stops_its_month_only(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A manifest that names a file which is not there is a problem; other months land, and what the month had stays."""
    data_export(tmp_path, "2026-10", "5")
    take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    data_export(tmp_path, "2026-10", "4").unlink()
    data_export(tmp_path, "2026-09", "3")
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    (problem,) = result.problems
    assert (problem.code, problem.line) == ("missing-part", None)
    assert problem.value is not None
    assert "2026-10 is left out" in problem.value
    assert billed(duck_store) == Decimal(8)


@pytest.mark.parametrize("broken", ["truncated.parquet", "truncated.csv.gz"])
def test_a_part_that_cannot_be_read_stops_its_month_only(
    duck_store: Store, tmp_path: Path, now: datetime, broken: str
) -> None:
    """A truncated part leaves out the whole month that it belongs to, and is a problem; other months land."""
    data_export(tmp_path, "2026-09", "3")
    part = data_export(tmp_path, "2026-10", "5")
    whole = part.read_bytes() if "parquet" in broken else gzipped(as_csv(lines(*[of("Usage", "5")] * 2)))
    part.write_bytes(whole[: len(whole) - 9])
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert [(p.code, p.line) for p in result.problems] == [
        ("bad-parquet" if "parquet" in broken else "truncated", None)
    ]
    assert result.totals == {"USD": Decimal(3)}


def test_when_no_month_can_be_read_nothing_is_taken_in(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """With every month broken the import fails with the reason, and leaves nothing behind."""
    part = data_export(tmp_path, "2026-10", "5")
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(Unreadable) as broken:
        take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert broken.value.code == "bad-parquet"
    part.unlink()
    with pytest.raises(SourceFailed) as missing:
        take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert missing.value.code == "missing-part"
    assert left_behind(duck_store) == {}


def test_a_manifest_that_is_none_is_a_problem(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A manifest that cannot be read is named; the other months land."""
    data_export(tmp_path, "2026-09", "3")
    asked = Asked(str(tmp_path), None, now, {}, tmp_path, tmp_path)
    for text in (b"{", b"[]", b'{"reportKeys": []}', b'{"dataFiles": [7]}', b"\xff"):
        put(tmp_path / "cur/daily/metadata/BILLING_PERIOD=2026-10/daily-Manifest.json", text)
        found = fetch(asked)
        assert ([p.code for p in found.problems], len(found.files)) == (["bad-manifest"], 1), text
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert ([p.code for p in result.problems], result.totals) == (["bad-manifest"], {"USD": Decimal(3)})


def test_two_exports_of_the_same_bill_are_refused(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A folder that holds two exports of one account and month would count its money twice."""
    data_export(tmp_path, "2026-10", "5")
    shutil.copytree(tmp_path / "cur/daily", tmp_path / "cur/again")
    for manifest in (tmp_path / "cur/again").rglob("*Manifest.json"):
        manifest.write_text(manifest.read_text().replace("cur/daily", "cur/again"))
    part = next((tmp_path / "cur/again").rglob("*.parquet"))
    as_parquet(part, lines(of("Usage", "5", line_item_line_item_description="other bytes")))
    with pytest.raises(BadInput) as refused:
        take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert refused.value.code == "overlapping-exports"
    assert left_behind(duck_store) == {}


def test_two_exports_one_after_the_other_replace(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """The same month from another export replaces what the first one said, and the change is told."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_bytes(as_csv(lines(of("Usage", "5"), of("Usage", "6"))))
    second.write_bytes(as_csv(lines(of("Usage", "9"))))
    take_in(duck_store, cur(), Request(places=[str(first)]), now=now)
    result = take_in(duck_store, cur(), Request(places=[str(second)]), now=now)
    assert [(r.before, r.after) for r in result.restated] == [(Decimal(11), Decimal(9))]
    assert billed(duck_store) == Decimal(9)


def test_a_folder_without_manifests_gives_its_files(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """CSV and Parquet files anywhere below the folder are read; others are not."""
    put(tmp_path / "a/one.csv.gz", gzipped(as_csv(lines(of("Usage", "1")), legacy=True)))
    put(tmp_path / "b/two.csv", as_csv(lines(of("Usage", "2"))))
    put(tmp_path / "b/_SUCCESS", b"")
    put(tmp_path / "readme.txt", b"hello")
    result = take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    assert (result.files, result.totals) == (("a/one.csv.gz", "b/two.csv"), {"USD": Decimal(3)})


def test_a_folder_of_nothing_is_said(duck_store: Store, tmp_path: Path, now: datetime) -> None:
    """A folder without a bill, and one that is not there, are named."""
    with pytest.raises(SourceFailed, match="holds no CSV, Parquet or JSON file"):
        take_in(duck_store, cur(), Request(places=[str(tmp_path)]), now=now)
    with pytest.raises(BadInput, match="does not exist"):
        take_in(duck_store, cur(), Request(places=[str(tmp_path / "nowhere")]), now=now)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket `bills` on loopback; its address. boto3 finds its credentials in the environment, as people's does."""
    given = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    before = {key: os.environ.get(key) for key in given}
    os.environ.update(given)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="bills")
    yield address
    server.stop()
    for key, value in before.items():
        if value is None:
            del os.environ[key]
        else:
            os.environ[key] = value


def uploaded(address: str, root: Path, prefix: str = "") -> Any:  # noqa: ANN401 - boto3 ships no types
    """Put a folder into the bucket and return the client."""
    client = boto3.client("s3", endpoint_url=address)
    for path in sorted(root.rglob("*")):
        if path.is_file():
            client.upload_file(str(path), "bills", prefix + path.relative_to(root).as_posix())
    return client


def test_a_bucket_is_read_by_its_manifests(duck_store: Store, tmp_path: Path, now: datetime, s3: str) -> None:
    """From S3 the months that manifests name land, only those of the period asked for, and are named by address."""
    data_export(tmp_path, "2026-09", "3")
    data_export(tmp_path, "2026-10", "5")
    uploaded(s3, tmp_path)
    asked = Request(places=["s3://bills/cur/daily"], options={"endpoint-url": s3})
    result = take_in(duck_store, cur(), asked, now=now)
    assert (result.totals, result.problems) == ({"USD": Decimal(8)}, ())
    assert result.files[0] == "s3://bills/cur/daily/data/BILLING_PERIOD=2026-09/daily-00001.snappy.parquet"
    assert take_in(duck_store, cur(), asked, now=now).repeated == result.take_in


def test_focus_exports_come_through_the_same_places(duck_store: Store, tmp_path: Path, now: datetime, s3: str) -> None:
    """A FOCUS export of AWS in a bucket, gzipped, is found by its manifest."""
    held = written(tmp_path / "bill.csv", {}, {"BilledCost": "7"})
    part = "focus/f12/data/billing_period=2026-10/f12-00001.csv.gz"
    root = tmp_path / "bucket"
    put(root / part, gzip.compress(held.read_bytes()))
    said: dict[str, object] = {"executionId": "e", "dataFiles": [part]}
    put(root / "focus/f12/metadata/billing_period=2026-10/f12-Manifest.json", said)
    uploaded(s3, root)
    asked = Request(places=["s3://bills/focus"], options={"endpoint-url": s3})
    result = take_in(duck_store, importers()["focus"], asked, now=now)
    assert result.totals == {"USD": Decimal("8.5")}


def test_a_part_missing_in_the_bucket_is_a_problem(duck_store: Store, tmp_path: Path, now: datetime, s3: str) -> None:
    """A manifest in S3 that names a missing object stops its month only."""
    data_export(tmp_path, "2026-09", "3")
    data_export(tmp_path, "2026-10", "5")
    client = uploaded(s3, tmp_path, "gap/")
    for month in ("2026-09", "2026-10"):
        key = f"gap/cur/daily/metadata/BILLING_PERIOD={month}/daily-Manifest.json"
        part = f"gap/cur/daily/data/BILLING_PERIOD={month}/daily-00001.snappy.parquet"
        client.put_object(Bucket="bills", Key=key, Body=json.dumps({"dataFiles": [f"s3://bills/{part}"]}).encode())
    client.delete_object(Bucket="bills", Key="gap/cur/daily/data/BILLING_PERIOD=2026-10/daily-00001.snappy.parquet")
    asked = Request(places=["s3://bills/gap"], options={"endpoint-url": s3})
    result = take_in(duck_store, cur(), asked, now=now)
    assert ([p.code for p in result.problems], result.totals) == (["missing-part"], {"USD": Decimal(3)})


def test_what_aws_refuses_is_told_without_a_secret(duck_store: Store, now: datetime, s3: str) -> None:
    """A bucket that is not there, an endpoint that is not to be used: named, with a fix, and no credential in it."""
    for place, url, code in (
        ("s3://nowhere/x", s3, "vendor-refused"),
        ("s3:///x", s3, "bad-address"),
        ("s3://bills/x", "http://192.0.2.1:9000", "plain-http"),
        ("s3://bills/empty", s3, "nothing-there"),
    ):
        with pytest.raises((BadInput, SourceFailed)) as refused:
            take_in(duck_store, cur(), Request(places=[place], options={"endpoint-url": url}), now=now)
        assert refused.value.code == code
        assert "testing" not in str(refused.value)
    assert charges(duck_store) == []
