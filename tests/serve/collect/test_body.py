import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import Request

from outlay.errors import EngineFailed
from outlay.serve.collect.body import Bodies
from outlay.serve.problems import status_of
from tests import apart

ROOM = 1000


def request(body: bytes, encoding: str = "") -> Request:
    """Return a request whose body comes in pieces of a hundred bytes."""
    pieces = [body[place : place + 100] for place in range(0, len(body), 100)]

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    headers = [(b"content-encoding", encoding.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


@asynccontextmanager
async def held(bodies: Bodies, size: int, *, packed: bool = False) -> AsyncIterator[int]:
    """Hold a body of a size, and give how long it came out."""
    body = b"x" * size
    sent = request(gzip.compress(body), "gzip") if packed else request(body)
    async with bodies.of(sent) as found:
        yield len(found)


def test_a_body_there_is_no_room_for_is_turned_away_until_there_is() -> None:
    """While others are looked at, one that is too much is `busy`, an answer of 503; those held are not touched."""

    async def send() -> None:
        bodies = Bodies(ROOM)
        async with held(bodies, 600) as first, held(bodies, 400) as second:
            for packed in (False, True):
                with pytest.raises(EngineFailed, match="more events are on their way than there is room for") as busy:
                    async with held(bodies, 500, packed=packed):
                        pass
                assert (busy.value.code, status_of(busy.value)) == ("busy", 503)
            assert (first, second) == (600, 400)
        async with held(bodies, ROOM // 2) as alone, held(bodies, ROOM // 2) as other:
            assert (alone, other) == (500, 500)

    apart.run(send())


def test_what_a_body_becomes_when_it_is_unpacked_counts_too() -> None:
    """Few bytes that become many are turned away for the many; the room they were given is given back."""

    async def send() -> None:
        bodies = Bodies(ROOM)
        async with held(bodies, 10):
            for _ in range(3):
                with pytest.raises(EngineFailed):
                    async with held(bodies, 5 * ROOM, packed=True):
                        pass
            async with held(bodies, ROOM - 10) as rest:
                assert rest == ROOM - 10

    apart.run(send())


def test_a_body_alone_is_never_turned_away() -> None:
    """A single one may be as large as any: else it would never be taken, however often it is sent again."""

    async def send() -> None:
        bodies = Bodies(ROOM)
        async with held(bodies, 3 * ROOM) as found:
            assert found == 3 * ROOM
            with pytest.raises(EngineFailed):
                async with held(bodies, 1):
                    pass

    apart.run(send())
