"""The company: the one door of this room.

Comes in: a folder, a seed and a scale. Goes out: two months of ordinary input files, and the truth about them.
"""

from pathlib import Path

from outlay.demo import cast, cloud, focus, invoices, revenue
from outlay.demo.ai_usage import Telemetry
from outlay.demo.cloud import Bill
from outlay.demo.losses import NONE, NOTE, Losses
from outlay.demo.meter import Meter
from outlay.demo.revenue import Crowd, Customer
from outlay.demo.rules import RULES
from outlay.demo.season import FIRST, MONTHS, RELEASES, days
from outlay.demo.truth import Truth, told
from outlay.errors import BadInput


def build(folder: Path, *, seed: int = 7, scale: int = 1, losses: Losses = NONE) -> Truth:
    """Write a believable company's input files, and return what is true about them.

    The same seed and scale give the same bytes on every machine. Existing files of the same names are replaced.

    Args:
        folder: Where `bills/`, `events/`, `revenue/`, `releases.csv`, `rules.toml` and `truth.json` go.
        seed: Any whole number; another one tells the same story with other customers and other luck.
        scale: Multiplies customers, traffic and machines, 1 or more. Scale 1 is 400 customers, about 190,000
            usage events and 35,000 USD a month.
        losses: Faults to inject, for a reconciliation to find. A changed invoice goes to `restated/`.

    Returns:
        The truth, as also written to `truth.json`.

    Raises:
        BadInput: The scale is below 1.
    """
    if scale < 1:
        raise BadInput(f"scale {scale} is below 1", fix="give a whole number from 1 up", code="bad-scale")
    meter = Meter()
    customers = revenue.roster(seed, scale)
    revenue.write(folder / "revenue", customers)
    events = _events(folder / "events", Telemetry(seed, scale, _crowds(customers), meter, losses))
    invoices.notebooks(meter, scale)
    bills = _bills(folder / "bills", scale, meter, losses)
    restate(folder / "restated", scale, meter, losses)
    _releases(folder / "releases.csv")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8", newline="\n")
    truth = told(seed, scale, events, meter, bills)
    (folder / "truth.json").write_bytes(truth.to_json() + b"\n")
    return truth


def _crowds(customers: list[Customer]) -> tuple[Crowd, Crowd]:
    return Crowd(customers, 0), Crowd(customers, 1)


def restate(folder: Path, scale: int, meter: Meter, losses: Losses) -> list[Path]:
    """Write the invoices that were changed afterwards, whole as providers send them; return the files."""
    written = []
    for issuer in (invoices.OPENAI, invoices.ANTHROPIC):
        for month in MONTHS:
            known = meter.seen[f"{NOTE}restatement"]
            bill = invoices.bill(issuer, month, scale, meter, losses, restated=True) if losses.restated else Bill()
            if meter.seen[f"{NOTE}restatement"] > known:
                written.append(folder / f"{issuer.name.lower()}-{month.name}.csv")
                focus.write(written[-1], bill.lines)
    return written


def _events(folder: Path, telemetry: Telemetry) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, int] = {}
    for month in MONTHS:
        written[month.name] = 0
        with (folder / f"{month.name}.ndjson").open("wb") as file:
            for day in days(month):
                lines = telemetry.day(day)
                written[month.name] += len(lines)
                file.writelines(line + b"\n" for line in lines)
    return written


def _bills(folder: Path, scale: int, meter: Meter, losses: Losses) -> dict[tuple[str, str], Bill]:
    """Write every provider's bill of every month; return them by (month, provider)."""
    found: dict[tuple[str, str], Bill] = {}
    for month in MONTHS:
        bills = {cloud.AWS.name: cloud.bill(month, scale, meter)}
        for issuer in (invoices.OPENAI, invoices.ANTHROPIC):
            bills[issuer.name] = invoices.bill(issuer, month, scale, meter, losses)
        bills[invoices.PINECONE.name] = invoices.vectors(month, scale, meter)
        for provider, bill in bills.items():
            focus.write(folder / f"{provider.lower()}-{month.name}.csv", bill.lines)
            bill.lines.clear()  # the truth needs the sums only, and large companies have long bills
            found[month.name, provider] = bill
    return found


def _releases(path: Path) -> None:
    """Write `release,service,released_at`; the story's own releases only, not the one it starts with."""
    lines = ["release,service,released_at"]
    for release in RELEASES:
        if release.released_at.date() >= FIRST:
            when = focus.instant(release.released_at)
            lines += [f"{release.name},{service},{when}" for service in cast.SERVICES]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
