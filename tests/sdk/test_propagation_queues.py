"""Celery and RQ, each with a real worker in a process of its own, over a real Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue

import outlay
from outlay.sdk.propagate.rq import Job
from outlay.sdk.scope import said
from tests.sdk import celery_app, jobs
from tests.sdk.redis_server import ROOT, redis

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAID = {"feature": "a.b", "customer": "acme"}


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """The socket of a Redis server."""
    with redis() as place:
        yield place


@pytest.fixture(scope="module")
def celery(socket: Path) -> Iterator[Any]:
    """The application of Celery, with a worker that forks."""
    url = f"redis+socket://{socket}"
    celery_app.app.conf.update(broker_url=url, result_backend=url)
    environment = {**os.environ, "PROBE_BROKER": url, "PROBE_BACKEND": url, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    options = ["-A", "tests.sdk.celery_app", "worker", "-c", "1", "--without-gossip", "--without-mingle", "-l", "ERROR"]
    command = [sys.executable, "-m", "celery", *options]
    worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield celery_app
    worker.terminate()
    worker.wait(timeout=60)
    celery_app.app.close()


def answer(result: Any) -> dict[str, object]:  # noqa: ANN401 - Celery has no types
    """Return what a task heard, in another process than this."""
    found: dict[str, object] = result.get(timeout=60)
    assert found.pop("pid") != os.getpid()
    return found


def test_a_task_of_celery_runs_in_the_scope_it_was_called_in(celery: Any) -> None:  # noqa: ANN401 - a module
    """Customer after customer on one worker, and nobody's task between them, each hear their own."""
    endpoint = {"endpoint": "task tests.sdk.celery_app.heard"}
    for customer in ("acme", "beta"):
        with outlay.context(feature="a.b", customer=customer, service="caller"):
            called = celery.heard.delay()
        assert answer(called) == {"feature": "a.b", "customer": customer, **endpoint}
        assert answer(celery.heard.delay()) == endpoint
    assert said() == {}


def test_chains_tasks_of_tasks_and_retries_stay_in_the_scope(celery: Any, tmp_path: Path) -> None:  # noqa: ANN401 - as above
    """What a task causes is caused by whoever called the task, however often it is tried, along one trace."""
    carrier = {"baggage": "outlay.feature=a.b", "traceparent": f"00-{TRACE}-{SPAN}-01"}
    with outlay.extract(carrier), outlay.context(customer="acme"):
        mine = said()["span"]
        chained = (celery.heard.s() | celery.heard.s()).delay()
        calling = celery.calling.delay()
        again = celery.second_time.delay(str(tmp_path / "failed"))
    first = answer(chained.parent)
    assert (first["trace"], first["parent"]) == (TRACE, mine)
    inner = celery.app.AsyncResult(calling.get(timeout=60))
    for result in (chained, inner, again):
        found = answer(result)
        assert {name: found[name] for name in SAID} == SAID
        assert found["trace"] == TRACE
    assert (tmp_path / "failed").exists()


def test_a_task_called_at_once_runs_in_the_scope_around_it(celery: Any) -> None:  # noqa: ANN401 - as above
    """An eager task is a function call, before and after which the scope is the caller's."""
    with outlay.context(**SAID, lock=object()):
        found = celery.heard.apply().get()
        assert found.pop("lock")
        assert {name: value for name, value in found.items() if name != "pid"} == SAID
        assert said()["customer"] == "acme"


def test_a_job_of_rq_runs_in_the_scope_it_was_enqueued_in(socket: Path) -> None:
    """By a worker that forks for each job; the job's own meta stays, and nobody's job hears nobody."""
    with Redis(unix_socket_path=str(socket)) as connection:
        queue = Queue("probe", connection=connection, job_class=Job)
        with outlay.context(**SAID):
            first = queue.enqueue(jobs.heard, meta={"own": 1})
        second = queue.enqueue(jobs.heard)
        worker = [sys.executable, "-m", "rq.cli", "worker", "probe", "--burst", "--quiet", "--url", f"unix://{socket}"]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        run = subprocess.run(
            [*worker, "--job-class", "outlay.sdk.propagate.rq.Job"],
            env=environment,
            cwd=ROOT,
            timeout=120,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        heard: list[dict[str, object]] = []
        for job in (first, second):
            result = job.latest_result()
            assert result
            heard.append(dict(result.return_value or {}))
        assert len({found.pop("pid") for found in heard} - {os.getpid()}) == 2
        assert heard == [{**SAID, "endpoint": "job tests.sdk.jobs.heard"}, {"endpoint": "job tests.sdk.jobs.heard"}]
        assert first.get_meta()["own"] == 1


@pytest.mark.parametrize(
    ("library", "use", "message"),
    [
        ("celery", "from outlay.sdk.propagate import celery; celery.install()", "celery is not installed"),
        ("rq", "import outlay.sdk.propagate.rq", "rq is not installed"),
        (
            "requests",
            "import outlay\nclass Session: adapters = mount = {}\noutlay.outbound(Session(), hosts=[])",
            "requests is not installed",
        ),
        (
            "aiohttp",
            "from outlay.sdk.outbound.aiohttp import middleware; middleware(hosts=[])",
            "aiohttp 3.12 or newer is not installed",
        ),
    ],
    ids=["celery", "rq", "requests", "aiohttp"],
)
def test_a_library_that_is_missing_is_named_with_what_to_install(library: str, use: str, message: str) -> None:
    """At the call that needs it, and nowhere before."""
    program = f"import sys; sys.modules[{library!r}] = None\nimport outlay\n{use}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 1
    assert f"{message}. Fix: pip install" in run.stderr.splitlines()[-1]


def test_the_sdk_loads_no_framework_it_is_not_given() -> None:
    """Everything but what is made for one library needs the standard library only, on a Python without packages."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\nimport outlay\n"
        "for name in outlay.__all__: getattr(outlay, name)\n"
        "from outlay.sdk.propagate import carriers, celery, cron, executors, sqs\n"
        "from outlay.sdk.outbound import aiohttp, httpx\n"
        "outlay.ASGIMiddleware(print), outlay.WSGIMiddleware(print), aiohttp, httpx\n"
        "known = sys.stdlib_module_names | {'outlay', '__main__', '__mp_main__'}\n"
        "print(*{module.partition('.')[0] for module in sys.modules} - known)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(ROOT / "src")], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "", "")
