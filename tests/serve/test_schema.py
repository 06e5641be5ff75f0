from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from outlay.capture.intake import Intake
from outlay.serve import keys
from outlay.serve.app import create_app
from outlay.serve.guard import App
from outlay.store import Store, open_store
from tests.serve.making import make_ledger

#: How many requests are made to each route; `make fuzz` makes more.
EXAMPLES = 10
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@contextmanager
def collector(folder: Path, *, only_keys: bool) -> Iterator[tuple[App, dict[str, str]]]:
    """Give an app over two published months that also collects, and the headers of somebody who may do everything."""
    store: Store = open_store("duckdb:///:memory:")
    make_ledger(store)
    _, text = keys.made(store, "all", now=datetime.now(UTC), scopes=("ingest", "read", "admin"))
    intake = Intake(store, folder / "journal")
    try:
        yield create_app(store, intake=intake, only_keys=only_keys), {"authorization": f"Bearer {text}"}
    finally:
        intake.close()
        store.close()


def ask_everything(app: App, headers: dict[str, str], examples: int, seed: int = 0) -> int:
    """Make requests to every route that the document describes, and hold each answer against it; return how many."""
    document: Any = schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers={**headers, "host": "localhost"})
    document.config.update(base_url="http://localhost")
    asked = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @hypothesis.seed(seed)
        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: "schemathesis.Case[Any]") -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
    return asked


@pytest.mark.parametrize("only_keys", [False, True], ids=["open", "only_keys"])
def test_every_answer_is_as_the_document_describes_it(tmp_path: Path, only_keys: bool) -> None:  # noqa: FBT001 - a case
    """No request makes the server fail; every status, type and form it answers with is in its OpenAPI document."""
    with collector(tmp_path, only_keys=only_keys) as (app, headers):
        assert ask_everything(app, headers, EXAMPLES) > 100
