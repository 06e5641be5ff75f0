"""An application of Celery, as callers and workers both import it; the environment says where its broker is."""

import os
from typing import Any

from celery import Celery

from outlay.sdk.propagate import celery as propagation
from tests.sdk import jobs

app = Celery("probe", broker=os.environ.get("PROBE_BROKER"), backend=os.environ.get("PROBE_BACKEND"))
app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
propagation.install()
propagation.install()  # asked twice it does the same


@app.task  # type: ignore[untyped-decorator] # Celery has no types
def heard(*_: Any) -> dict[str, object]:  # noqa: ANN401 - what the task before returned
    """Return what is said in the worker."""
    return jobs.heard()


@app.task  # type: ignore[untyped-decorator] # as above
def calling() -> str:
    """Call another task from within the worker; return its id."""
    return str(heard.delay().id)


@app.task(autoretry_for=(LookupError,), default_retry_delay=0)  # type: ignore[untyped-decorator] # as above
def second_time(mark: str) -> dict[str, object]:
    """Fail the first time, and return what is said the second."""
    return jobs.fail_once(mark)
