"""Who may ask, and what a browser may do with the answer."""

import pytest
from fastapi.testclient import TestClient

from outlay.serve.guard import CONTENT_SECURITY_POLICY
from outlay.store import open_store
from tests.serve.conftest import client_of

PATHS = ["/", "/v1/health", "/v1/nowhere", "/nowhere", "/static/page.css"]


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A client over an empty store."""
    return client_of(open_store("duckdb:///:memory:"))


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    """Pages, data, files and errors all come with the strict policy, and are never kept by others."""
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("host", ["outlay.example", "127.0.0.1.outlay.example", "192.168.0.9:8321", "", "0.0.0.0"])  # noqa: S104 - refused
def test_a_foreign_name_is_refused(client: TestClient, host: str) -> None:
    """A page whose name was made to resolve to this machine (DNS rebinding) gets nothing, not even the overview."""
    for path in PATHS:
        response = client.get(path, headers={"host": host})
        assert response.status_code == 421
        assert response.json()["code"] == "foreign-host"


@pytest.mark.parametrize("host", ["localhost:8321", "127.0.0.1", "[::1]:8321", "LOCALHOST"])
def test_this_machine_is_answered_by_any_of_its_names(client: TestClient, host: str) -> None:
    """Loopback names and addresses are answered, with or without a port."""
    assert client.get("/v1/health", headers={"host": host}).status_code == 200
