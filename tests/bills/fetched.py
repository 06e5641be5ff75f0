"""Imports of fetched sources, made for tests: what is asked unless a test says otherwise."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from outlay.bills.importer import Asked, Fetched
from outlay.bills.importers import importers
from outlay.bills.take_in import Request, take_in
from outlay.store import Store
from outlay.terms.period import Period
from outlay.terms.take_in import TakeIn
from tests.conftest import NOW

OCTOBER = Period.month("2026-10")


class Home:
    """A machine on which imports happen: its folder, and the address of the vendor that all imports ask."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self._asked = 0

    def take_in(self, store: Store, source: str, period: Period | None = OCTOBER, **options: str) -> TakeIn:
        """Import into a store."""
        request = Request(period=period, options=self._options(options), cache=self.folder / "cache")
        return take_in(store, importers()[source], request, now=NOW)

    def fetch(self, source: str, period: Period | None = OCTOBER, **options: str) -> Fetched:
        """Fetch only."""
        self._asked += 1
        folder = self.folder / f"fetch-{self._asked}"
        folder.mkdir()
        fetch = importers()[source].fetch
        assert fetch
        return fetch(Asked("", period, NOW, self._options(options), folder, self.folder / "cache"))

    def _options(self, options: Mapping[str, str]) -> dict[str, str]:
        return {"endpoint-url": self.url, "retry_s": "0", **{k.replace("__", "-"): v for k, v in options.items()}}


def aws_credentials(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Give boto3 credentials that are nobody's, and no others."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE12",
        "AWS_SECRET_ACCESS_KEY": "secretsecretsecretsecretsecretsecretse40",
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
