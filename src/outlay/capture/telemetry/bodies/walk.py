"""The walk through a request: resources hold scopes, and those hold spans or records, one of which may be malformed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from outlay.capture.telemetry.span import Parts, Span
from outlay.wire.flaw import Flaw, Flawed

Item = TypeVar("Item")
#: Place in the request, and what is wrong there.
Rejected = tuple[int, Flaw]


class Group(NamedTuple, Generic[Item]):
    """The spans or records of one scope.

    Args:
        service: What the resource says about itself.
        flaw: Why nothing of the resource can be taken, if so.
        scope: Name of the instrumentation's scope.
        items: What it holds, as the body has it.
    """

    service: Parts
    flaw: Flaw | None
    scope: str
    items: Iterable[Item]


def walked(
    groups: Iterable[Group[Item]], make: Callable[[int, Item, Group[Item]], Span], rejected: list[Rejected]
) -> Iterator[Span]:
    """Yield what a request holds, in its order.

    Args:
        groups: Its groups.
        make: Makes a span of what stands in a place of the request, from 0; raises `Flawed` when that cannot be.
        rejected: Gets the place of each that cannot be read, and why.
    """
    index = -1
    for group in groups:
        for item in group.items:
            index += 1
            try:
                span = make(index, item, group)
            except Flawed as flawed:
                rejected.append((index, flawed.flaw))
                continue
            if group.flaw:
                rejected.append((index, group.flaw))
            else:
                yield span
