"""Executors that carry the scope of whoever submits to them, in place of those of `concurrent.futures`."""

from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec, TypeVar

from outlay.sdk.scope import carry

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class ThreadPoolExecutor(futures.ThreadPoolExecutor):
    """A thread pool whose work happens in the scope it was submitted in, by `submit`, `map` and `run_in_executor`.

    >>> from outlay.sdk.scope import context, said
    >>> with ThreadPoolExecutor(1) as pool, context(feature="search"):
    ...     pool.submit(said).result()
    {'feature': 'search'}
    """

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> futures.Future[_Result]:
        """Submit work together with the caller's scope."""
        return super().submit(carry(fn), *args, **kwargs)


class ProcessPoolExecutor(futures.ProcessPoolExecutor):
    """A process pool whose work happens in the scope it was submitted in; of its values, texts and whole numbers."""

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> futures.Future[_Result]:
        """Submit work together with the caller's scope."""
        return super().submit(carry(fn), *args, **kwargs)


class Carrying(futures.Executor):
    """Any other executor, with the scope of whoever submits to it.

    Args:
        executor: What does the work; it is shut down together with this one.
    """

    def __init__(self, executor: futures.Executor) -> None:
        self._executor = executor

    def submit(
        self, fn: Callable[_Arguments, _Result], /, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> futures.Future[_Result]:
        """Submit work together with the caller's scope."""
        return self._executor.submit(carry(fn), *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as above
        """Shut the executor down."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)
