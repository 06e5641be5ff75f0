"""Fixtures: an account, the front that boto3 talks to, and a machine with its credentials."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bills.cost_explorer.bill import BILL
from tests.bills.fetched import Home, aws_credentials
from tests.bills.servers.cost_explorer import CostExplorer
from tests.bills.servers.loopback import Running, serving


@pytest.fixture
def aws() -> CostExplorer:
    """An account whose October is final."""
    return CostExplorer(BILL, closed=frozenset({"2026-10"}), names={"444455556666": "production"})


@pytest.fixture
def front(aws: CostExplorer) -> Iterator[Running]:
    """The front that boto3 talks to."""
    with serving(aws) as running:
        yield running


@pytest.fixture
def home(front: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A machine with credentials for that account."""
    aws_credentials(monkeypatch, tmp_path)
    return Home(tmp_path, front.url)
