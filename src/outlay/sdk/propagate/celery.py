"""Celery: the scope of whoever calls a task, in the headers of its message, by Celery's own signals."""

from typing import Any

from outlay.errors import BadConfig
from outlay.sdk.headers.tally import count
from outlay.sdk.propagate import carriers
from outlay.sdk.scope import context, saying

_HEADER = "outlay"
_UID = "outlay"
#: Scopes of the tasks that are running, by the task's id.
_open: dict[str, context] = {}


def install() -> None:
    """Carry scopes with tasks from now on. Call it where the app is made, so that callers and workers both do.

    Each task runs in the scope it was called in, with the endpoint `task NAME`; so do the tasks it calls, its retries
    and callbacks. A task that nobody's scope came with says its endpoint and nothing else.

    Raises:
        BadConfig: Celery is not installed.
    """
    try:
        from celery import signals
    except ImportError:
        raise BadConfig("celery is not installed", fix="pip install celery", code="not-installed") from None
    for signal, receiver in (
        (signals.before_task_publish, _publish),
        (signals.task_prerun, _begin),
        (signals.task_postrun, _end),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=_UID)


def _publish(headers: Any = None, **_: object) -> None:  # noqa: ANN401 - as signals give it
    try:
        ours = carriers.headers()
        if ours and isinstance(headers, dict):
            headers[_HEADER] = ours
    except Exception:  # noqa: BLE001 - law 12: the task is sent whatever happens here
        count("failed")


def _begin(task_id: str = "", task: Any = None, **_: object) -> None:  # noqa: ANN401 - as signals give it
    try:
        if not task.request.is_eager:  # that one runs inside its caller's scope
            found = carriers.read(task.request.get(_HEADER))
            _open[task_id] = saying({**found, "endpoint": f"task {task.name}"}).__enter__()
    except Exception:  # noqa: BLE001 - law 12: the task runs whatever happens here
        count("failed")


def _end(task_id: str = "", **_: object) -> None:
    scope = _open.pop(task_id, None)
    if scope is not None:
        scope.__exit__()
