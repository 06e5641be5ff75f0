"""RQ: the scope of whoever enqueues a job, in the job's meta.

queue = Queue(connection=redis, job_class=Job)
rq worker --job-class outlay.sdk.propagate.rq.Job
"""

from typing import Any, Self

from outlay.sdk.propagate import carriers
from outlay.sdk.scope import saying

try:
    from rq.job import Job as _Job
except ImportError:
    raise ImportError("rq is not installed. Fix: pip install rq") from None

_META = "outlay"


class Job(_Job):
    """A job that runs in the scope it was enqueued in, with the endpoint `job NAME`; queue and worker both use it."""

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 - as RQ's own
        """Make a job that remembers the caller's scope."""
        job: Self = super().create(*args, **kwargs)  # type: ignore[assignment] # RQ says Job, and makes what cls says
        ours = carriers.headers()
        if ours:
            job.meta[_META] = ours
        return job

    def perform(self) -> Any:  # noqa: ANN401 - as RQ's own
        """Do the job in the scope it remembers."""
        found = self.meta.get(_META)
        said = carriers.read(found) if isinstance(found, dict) else {}
        with saying({**said, "endpoint": f"job {self.func_name}"}):
            return super().perform()
