"""The cloud bill: what AWS charges for the machines, by the hour, and for the rest, by the day.

Comes in: a month, the scale and the meter's pages and GPU time. Goes out: the lines of `bills/aws-<month>.csv`
and the sums that the truth needs. Prices are on-demand list prices of one region; amounts whole pico-dollars.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache

from outlay.demo.cast import GPU_HOUR_PRICE, PAGE_PRICE, PICO, SERVICES
from outlay.demo.focus import Charge, Issuer, cents, dollars, hour, hourly
from outlay.demo.meter import Meter
from outlay.demo.season import ORDINARY, at_work, days, traffic
from outlay.terms.period import Period

AWS = Issuer(
    name="AWS",
    account="000011112222",
    account_type="Payer account",
    sub_account_type="Linked account",
    sub_accounts={"production": "000011113333", "staging": "000011114444", "platform": "000011115555"},
    region=("us-east-1", "US East (N. Virginia)"),
)
_EC2 = ("Compute", "Amazon Elastic Compute Cloud", "Virtual Machines")
_RDS = ("Databases", "Amazon Relational Database Service", "Relational Databases")
_CACHE = ("Databases", "Amazon ElastiCache", "Caching")
_EKS = ("Compute", "Amazon Elastic Kubernetes Service", "Containers")
_LAMBDA = ("Compute", "AWS Lambda", "Serverless Compute")
_S3 = ("Storage", "Amazon Simple Storage Service", "Object Storage")
_TRANSFER = ("Networking", "AWS Data Transfer", "Network Connectivity")
_NAT = ("Networking", "Amazon Virtual Private Cloud", "Network Routing")
_BALANCER = ("Networking", "Elastic Load Balancing", "Application Networking")
_QUEUE = ("Integration", "Amazon Simple Queue Service", "Messaging")
_LOGS = ("Management and Governance", "Amazon CloudWatch", "Observability")
_TEXTRACT = ("AI and Machine Learning", "Amazon Textract", "Natural Language Processing")
_SUPPORT = ("Other", "AWS Support", "Other (Other)")

#: USD per hour.
_HOURLY = {
    "m5.large": "0.096", "m5.xlarge": "0.192", "m5.2xlarge": "0.384", "m5.4xlarge": "0.768", "c5.2xlarge": "0.34",
    "c5.4xlarge": "0.68", "r5.2xlarge": "0.504", "r5.4xlarge": "1.008", "db.r5.large": "0.25", "db.r5.xlarge": "0.5",
    "db.r5.2xlarge": "1", "cache.r5.large": "0.216", "cluster": "0.10",
}  # fmt: skip
#: Production: service, kind of machine, always on, on at work only.
_FLEET = (
    ("gateway", "c5.2xlarge", 2, 1),
    ("auth-service", "m5.large", 2, 0),
    ("billing-service", "m5.large", 2, 0),
    ("notification-service", "m5.large", 1, 1),
    ("document-service", "m5.2xlarge", 2, 1),
    ("ingest-worker", "c5.4xlarge", 2, 1),
    ("integration-service", "m5.xlarge", 2, 0),
    ("export-service", "m5.large", 2, 0),
    ("search-service", "r5.4xlarge", 1, 0),
    ("analytics-service", "r5.2xlarge", 1, 0),
    ("ai-service", "m5.2xlarge", 2, 1),
)
_DATABASES = (("document-service", "db.r5.2xlarge", 2), ("search-service", "db.r5.xlarge", 1),
              ("analytics-service", "db.r5.2xlarge", 1))  # fmt: skip
_CACHES = (("search-service", "cache.r5.large", 2),)
#: Staging copies every service once, smaller, and its databases; nobody turns it off at night.
_STAGING = "m5.xlarge"
_STAGING_DATABASE = "db.r5.large"
#: The platform's own machines: name, kind, always on, on at work only, cost center.
_PLATFORM = (
    ("monitoring", "m5.2xlarge", 2, 0, "platform"),
    ("ci-runner", "m5.xlarge", 0, 3, "engineering-tools"),
)
#: By the day: what, account, service, meter, unit, quantity a day, USD per unit, whether it follows the traffic.
_DAILY = (
    (_LAMBDA, "production", "document-service", "GB-Seconds", 900_000, "0.0000166667", True),
    (_LAMBDA, "production", "notification-service", "GB-Seconds", 350_000, "0.0000166667", True),
    (_LAMBDA, "production", "integration-service", "GB-Seconds", 850_000, "0.0000166667", True),
    (_S3, "production", "document-service", "GB-Months", 1_600, "0.023", False),
    (_S3, "production", "export-service", "GB-Months", 300, "0.023", False),
    (_S3, "staging", "document-service", "GB-Months", 90, "0.023", False),
    (_TRANSFER, "production", None, "GB", 480, "0.09", True),
    (_NAT, "platform", None, "GB", 400, "0.045", True),
    (_BALANCER, "production", "gateway", "LCU-Hours", 700, "0.008", True),
    (_QUEUE, "production", "ingest-worker", "1000000 Requests", 10, "0.4", True),
    (_LOGS, "platform", None, "GB", 55, "0.5", True),
)
#: Tags as people really type them, by service and account: these replace the proper ones.
_TYPED = {
    ("billing-service", "production"): {"service": "billing-service", "Team": "Growth", "environment": "production"},
    ("integration-service", "staging"): {
        "service": "integration-service", "team": "Integrations", "environment": "staging"},
    ("analytics-service", "staging"): {
        "service": "analytics-service", "team": "inteligence", "environment": "staging"},
    ("export-service", "production"): {"Service": "export-service", "Team": "Documents", "environment": "production"},
}  # fmt: skip
#: Rare: a resource that says its feature.
_OF_FEATURE: dict[tuple[tuple[str, str, str], str | None], str] = {
    (_LAMBDA, "integration-service"): "integration.google_drive_sync"
}


@dataclass(slots=True)
class Bill:
    """A bill being written.

    Args:
        lines: Its lines.
        billed: Sum of its lines, in pico-dollars.
        notes: Sums that the truth needs, in pico-dollars.
    """

    lines: list[str] = field(default_factory=list)
    billed: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, charge: Charge) -> None:
        """Add a line."""
        self.lines.append(charge.line())
        self.billed += int(charge.cost * PICO)


@dataclass(frozen=True, slots=True)
class _Machine:
    """Something that is paid by the hour."""

    name: str
    service: tuple[str, str, str]
    kind: str
    price: int
    account: str
    tags: dict[str, str]
    at_work_only: bool = False
    note: str | None = None


def bill(month: Period, scale: int, meter: Meter) -> Bill:
    """Return the month's AWS bill.

    Args:
        month: The billing period.
        scale: Multiplies machines and traffic; the forgotten pair stays a pair.
        meter: Knows the pages read.
    """
    found = Bill()
    for machine in [*_production(scale), *_staging(scale), *_platform(scale), *_forgotten()]:
        _by_the_hour(found, month, machine)
    _by_the_day(found, month, scale)
    _pages(found, month, meter)
    _by_the_month(found, month, scale)
    return found


def _production(scale: int) -> list[_Machine]:
    found = []
    for service, kind, always, at_work_only in _FLEET:
        found += [
            _machine(_EC2, service, kind, "production", nth, at_work_only=nth >= always * scale)
            for nth in range((always + at_work_only) * scale)
        ]
    for what, plan in ((_RDS, _DATABASES), (_CACHE, _CACHES)):
        for service, kind, count in plan:
            found += [_machine(what, service, kind, "production", nth) for nth in range(count * scale)]
    tags = _tags("inference-service", "production")
    for nth in range(2 * scale):
        name = f"inference-service-gpu-{nth + 1}"
        found.append(
            _Machine(name, _EC2, "g5.4xlarge", GPU_HOUR_PRICE, "production", tags, nth >= scale, "gpu")
        )  # fmt: skip
    return found


def _staging(scale: int) -> list[_Machine]:
    found = []
    for service, _, _, _ in _FLEET:
        found += [_machine(_EC2, service, _STAGING, "staging", nth) for nth in range(scale)]
    for service, _, _ in _DATABASES:
        found += [_machine(_RDS, service, _STAGING_DATABASE, "staging", nth) for nth in range(scale)]
    return found


def _platform(scale: int) -> list[_Machine]:
    found = []
    for name, kind, always, at_work_only, center in _PLATFORM:
        tags = {"team": "platform", "environment": "shared", "created_by": "role/deployer", "cost_center": center}
        for nth in range((always + at_work_only) * scale):
            label = f"{name}-{nth + 1}"
            late = nth >= always * scale
            found.append(_Machine(label, _EC2, kind, _usd(_HOURLY[kind]), "platform", tags, late))
    tags = {"team": "platform", "environment": "shared", "cost_center": "platform"}
    found.append(_Machine("cluster-main", _EKS, "cluster", _usd(_HOURLY["cluster"]), "platform", tags))
    return found


def _forgotten() -> list[_Machine]:
    """Return the pair that was started for a load test and forgotten; it says neither service nor team."""
    tags = {"environment": "staging", "created_by": "role/load-test-engineer"}
    price = _usd(_HOURLY["m5.4xlarge"])
    return [
        _Machine(f"load-test-{nth}", _EC2, "m5.4xlarge", price, "staging", tags, note="forgotten") for nth in (1, 2)
    ]


def _machine(
    what: tuple[str, str, str], service: str, kind: str, account: str, nth: int, *, at_work_only: bool = False
) -> _Machine:
    part = {_RDS: "-db", _CACHE: "-cache"}.get(what, "")
    tags, note = _tags(service, account), "staging" if account == "staging" else None
    return _Machine(
        f"{service}{part}-{nth + 1}", what, kind, _usd(_HOURLY[kind]), account, tags, at_work_only, note
    )  # fmt: skip


def _tags(service: str | None, account: str) -> dict[str, str]:
    if service is None:
        return {}
    typed = _TYPED.get((service, account))
    return typed or {
        "service": service,
        "team": SERVICES[service],
        "environment": account,
        "created_by": "role/deployer",
        "cost_center": "product",
    }


@cache
def _hours(month: Period) -> tuple[tuple[str, bool], ...]:
    """Return every hour of a month as bills write it, and whether anyone is at work in it."""
    starts = [month.starts_at + timedelta(hours=nth) for nth in range(month.days * 24)]
    return tuple((hour(start), at_work(start.date(), start.hour)) for start in starts)


def _by_the_hour(found: Bill, month: Period, machine: _Machine) -> None:
    hours = [text for text, work in _hours(month) if work or not machine.at_work_only]
    nights = 0 if machine.at_work_only else sum(not work for _, work in _hours(month))
    one, price = (Decimal(1), "Hours"), dollars(machine.price)
    charge = Charge(
        AWS, month, month.first, month.end, price, f"{machine.kind} {machine.service[1]} hour", machine.service,
        consumed=one, priced=one, price=price,
        resource=(f"{machine.account}/{machine.name}", machine.name, "Instance"), sku=(machine.kind, "Hours"),
        sub_account=machine.account, tags=machine.tags,
    )  # fmt: skip
    found.lines += hourly(charge, hours)
    cost = machine.price * len(hours)
    found.billed += cost
    if machine.note:
        found.notes[machine.note] += cost
        found.notes[f"{machine.note} at night"] += machine.price * nights
    if not any(key.lower() == "team" for key in machine.tags):
        found.notes["no team"] += cost


def _by_the_day(found: Bill, month: Period, scale: int) -> None:
    for what, account, service, unit, per_day, price, follows in _DAILY:
        tags = _tags(service, account) if account != "platform" else {"team": "platform", "environment": "shared"}
        feature = _OF_FEATURE.get((what, service))
        if feature:
            tags = tags | {"feature": feature}
        name = f"{service or account}-{what[1].rsplit(' ', 1)[-1].lower()}"
        for day in days(month):
            parts = traffic(day) if follows else ORDINARY
            quantity = Decimal(per_day * scale * parts) / ORDINARY
            cost = quantity * Decimal(price)
            found.add(Charge(
                AWS, month, day, day + timedelta(days=1), cost, f"{what[1]} {unit}", what,
                consumed=(quantity, unit), priced=(quantity, unit), price=Decimal(price),
                resource=(f"{account}/{name}", name, what[2]), sku=(what[2], unit), sub_account=account, tags=tags,
            ))  # fmt: skip
            if not tags:
                found.notes["no team"] += int(cost * PICO)


def _pages(found: Bill, month: Period, meter: Meter) -> None:
    for day in days(month):
        pages = Decimal(meter.counts["page", day])
        found.add(Charge(
            AWS, month, day, day + timedelta(days=1), pages * dollars(PAGE_PRICE), "Amazon Textract pages", _TEXTRACT,
            consumed=(pages, "Pages"), priced=(pages, "Pages"), price=dollars(PAGE_PRICE),
            resource=("textract", "textract", "OCR"), sku=("DetectDocumentText", "Pages"),
            sub_account="production", tags=_tags("document-service", "production"),
        ))  # fmt: skip


def _by_the_month(found: Bill, month: Period, scale: int) -> None:
    """Add what is charged once: support, a credit and tax; and keep what usage cost before them."""
    usage = dollars(found.billed)
    found.notes["usage"] = found.billed
    for category, what, cost, description in (
        ("Purchase", _SUPPORT, cents(usage * Decimal("0.03")), "Business support, monthly fee"),
        ("Credit", _EC2, Decimal(-400 * scale), "Migration credit"),
        ("Tax", ("Other", "Tax", "Other (Other)"), cents(usage * Decimal("0.04")), "Sales tax"),
    ):
        found.add(Charge(AWS, month, month.first, month.end, cost, description, what, category))


def _usd(price: str) -> int:
    return int(Decimal(price) * PICO)
