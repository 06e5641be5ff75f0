"""Jobs that other processes are asked to do."""

import os

from outlay.sdk.scope import said


def heard(*_: object) -> dict[str, object]:
    """Return what is said where this runs, and in which process."""
    return {**said(), "pid": os.getpid()}


def fail_once(mark: str) -> dict[str, object]:
    """Fail where nobody failed before; return what is said the second time."""
    if not os.path.exists(mark):  # noqa: PTH110 - what is sent is a text
        os.close(os.open(mark, os.O_CREAT))
        raise LookupError(mark)
    return heard()
