"""Recording: where an event enters, and where the host says what becomes of it. Nothing here raises into the host.

What is needed to make an event, to write it or to send it is loaded with the first one, so that `import outlay` costs
next to nothing.
"""

import atexit
import os
import sys
from _thread import RLock
from sys import is_finalizing

from outlay.sdk.output.drops import DEBUG, DROPS
from outlay.sdk.scope import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from outlay.sdk.output.settings import Settings

    class Recorder(Protocol):
        """What takes events: a courier to the outputs, nowhere, or a test that looks at them."""

        def take(
            self,
            scope: Mapping[str, object],
            given: Mapping[str, object],
            later: "Callable[[], dict[str, object]] | None",
            size: int,
        ) -> None:
            """Take an event, as `Courier.take` does."""

        def flush(self, timeout_s: float) -> bool:
            """Deliver what was taken."""

        def retire(self, within_s: float) -> None:
            """Deliver what was taken, and end, without waiting for it."""

        def close(self, within_s: float) -> None:
            """Deliver what was taken, and end."""

        def has_ended(self) -> bool:
            """Say whether it has delivered what it had, and is done."""

        def before_fork(self) -> bool:
            """Come to a point at which a process can be copied."""

        def after_fork_in_parent(self) -> None:
            """Go on."""

        def after_fork_in_child(self) -> None:
            """Begin anew."""


#: A recorder that is replaced delivers what it has within this time.
_RETIRES_S = 30


class _Nowhere:
    """What takes events where nobody said where they go."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message

    def take(self, *_: object) -> None:
        DROPS.count(self.reason)
        DROPS.notice(self.reason, self.message, DEBUG)

    def flush(self, _: float) -> bool:
        return True

    def retire(self, _: float) -> None:
        pass

    close = retire

    def has_ended(self) -> bool:
        return True

    def before_fork(self) -> bool:
        return False

    def after_fork_in_parent(self) -> None:
        pass

    after_fork_in_child = after_fork_in_parent


class _State:
    """What was asked for, and who takes events because of it."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.asked: dict[str, object] = {}
        self.recorder: Recorder | None = None
        self.retired: list[Recorder] = []
        self.held: list[Recorder] = []  # by a fork that is under way


_state = _State()


def configure(  # noqa: PLR0913 - each is a setting with a name
    *,
    collector: str | None = None,
    key: str | None = None,
    events: "str | os.PathLike[str] | None" = None,
    otlp: str | None = None,
    otlp_headers: "Mapping[str, str] | None" = None,
    metrics: bool | None = None,
    prices: "str | os.PathLike[str] | None" = None,
    hash_users: str | bytes | None = None,
    hashed: tuple[str, ...] = ("user",),
    spool: "str | os.PathLike[str] | bool | None" = None,
    **tuning: float,
) -> None:
    """Say where events go, and where prices come from; all of it anew. What is not said is as the environment says.

    Events may go to several places. They are sent in the background; nothing here waits for a network, or raises.

    Args:
        collector: Address of `outlay serve`, such as `http://127.0.0.1:8321`, or `OUTLAY_COLLECTOR`.
        key: The key the collector wants, or `OUTLAY_KEY`.
        events: A file that lines are appended to, or `OUTLAY_EVENTS`; it is made when it does not exist, readable by
            its owner only.
        otlp: Address of an OpenTelemetry collector that takes OTLP/HTTP, such as `http://127.0.0.1:4318`, or
            `OUTLAY_OTLP`.
        otlp_headers: Further headers for it, or `OUTLAY_OTLP_HEADERS`, written `name=value,name=value`.
        metrics: Whether `metrics_text()` counts events, or `OUTLAY_METRICS=1`.
        prices: The file that `outlay prices snapshot` wrote, or `OUTLAY_PRICES`; read anew, with the first question
            for a price.
        hash_users: A secret, or `OUTLAY_HASH_USERS`: the user of an event leaves the process as HMAC-SHA256 of it.
        hashed: Which fields and tags are hashed so, when there is a secret.
        spool: Folder for events that cannot be sent now, or `OUTLAY_SPOOL`; False (or `off`) for none. Where nothing
            is said, a folder of this user's own.
        tuning: Sizes and times that seldom need to change, see docs/sending.md: `queue_events`, `queue_bytes`,
            `batch_events`, `batch_bytes`, `every_s`, `timeout_s`, `exit_s`, `spool_bytes`.
    """
    given: dict[str, object] = {
        "collector": collector,
        "key": key,
        "events": None if events is None else os.fspath(events),
        "otlp": otlp,
        "otlp_headers": otlp_headers,
        "metrics": metrics,
        "hash_users": hash_users,
        "hashed": hashed,
        "spool": spool,
        **tuning,
    }
    with _state.lock:
        _state.asked = given
        replaced, _state.recorder = _state.recorder, None
        _let_go()
        if replaced is not None:
            replaced.retire(_RETIRES_S)
            _state.retired.append(replaced)
    if hash_users is not None or "outlay.sdk.output.hashing" in sys.modules:
        from outlay.sdk.output import hashing
        from outlay.sdk.output.settings import hashing_of

        hashing.use(hashing_of(given, os.environ))  # the log knows it before the first event
    if prices is not None or "outlay.sdk.pricing" in sys.modules:
        from outlay.sdk.pricing import use

        use(None if prices is None else os.fspath(prices))


def record(
    *,
    provider: str | None = None,
    model: str | None = None,
    usage: "dict[str, object] | None" = None,
    **fields: object,
) -> None:
    """Record that something was used, by whoever the context around the call says.

    It never raises: an event that no import would take, or that cannot be kept, is counted by `dropped()`.

    Args:
        provider: Who is paid for it.
        model: Model, meter or SKU, as the provider names it.
        usage: Quantity by unit, disjoint: `{"input": 200, "cache_read": 1000, "output": 30}`.
        fields: Any other field of a usage event (docs/events.md); they override the context. Further ones become
            tags. `id` and `time` are given when they are missing.
    """
    try:
        given: dict[str, object] = {"provider": provider, "model": model, "usage": usage, **fields}
        # It is read in a while; what the host does to its own dictionaries until then is the host's business.
        for name in ("usage", "context", "tags"):
            if (held := given.get(name)).__class__ is dict:
                given[name] = held.copy()
    except Exception:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
        DROPS.count("failed")
        return
    keep(given)


def keep(given: "dict[str, object]", later: "Callable[[], dict[str, object]] | None" = None, size: int = 0) -> None:
    """Keep an event that an integration saw, for whoever the scope around the caller says. It never raises.

    Args:
        given: Fields of a usage event that are known at once; they override the scope. It belongs to the queue from
            now on.
        later: The expensive part, run in the background: returns further fields, which override those given.
        size: Bytes that `later` keeps in memory, about.
    """
    try:
        if is_finalizing():
            DROPS.count("exit")  # from a destructor: what would make an event may be gone already
        else:
            (_state.recorder or _begun()).take(said(), given, later, size)
    except Exception:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
        DROPS.count("failed")


def dropped() -> int:
    """Return how many events were lost since the program started; `drops()` says why."""
    return DROPS.total()


def drops() -> dict[str, int]:
    """Return how many events were lost since the program started, by reason (docs/sending.md lists them).

    An event that several outputs should have had counts once for each that it did not reach.
    """
    return DROPS.by_reason()


def drop(reason: str, events: int = 1) -> None:
    """Count events that an integration could not keep, for a reason: a stable slug."""
    DROPS.count(reason, events)


def flush(timeout_s: float = 5) -> bool:
    """Wait until everything recorded so far has arrived; say whether it has.

    For programs that are stopped without notice, such as functions in a cloud: call it before the end. It never
    raises, and waits no longer than it is told.

    Args:
        timeout_s: Longest wait, in seconds.
    """
    try:
        from time import monotonic

        until_s = monotonic() + timeout_s
        ending = [each for each in _state.retired if not each.has_ended()]
        recorders = [each for each in (*ending, _state.recorder) if each is not None]
        arrived = [recorder.flush(max(0, until_s - monotonic())) for recorder in recorders]
        return all(arrived)
    except Exception:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
        return False


def replace(recorder: "Recorder | None") -> "Recorder | None":
    """Let another recorder take events from now on, and return the one that did; None is made when first needed."""
    with _state.lock:
        before, _state.recorder = _state.recorder, recorder
    return before


def _begun() -> "Recorder":
    """Return who takes events, as was asked for; made with the first event, when the environment is read."""
    with _state.lock:
        if _state.recorder is None:
            from outlay.sdk.output.hashing import use
            from outlay.sdk.output.settings import Settings as Asked

            settings = Asked(_state.asked, os.environ)
            use(settings.hashing)
            for name, found in settings.bad.items():
                DROPS.notice(f"bad {name}", f"{name}={found!r} is no address. Fix: write http://HOST:PORT")
            _state.recorder = _made(settings)
        return _state.recorder


def _made(settings: "Settings") -> "Recorder":
    if not settings.goes_somewhere:
        if settings.bad:
            return _Nowhere("bad-address", "no event goes anywhere")
        return _Nowhere("not-configured", "no event goes anywhere: neither configure() nor the environment says where")
    from outlay.sdk.output.courier import Courier

    if not settings.metrics:
        return Courier(settings, DROPS)
    from outlay.sdk.enrich.metrics import METERS

    return Courier(settings, DROPS, (METERS.observe,))


def _let_go() -> None:
    """Forget the recorders that have delivered what they had."""
    _state.retired = [each for each in _state.retired if not each.has_ended()]


def _at_exit() -> None:
    """Deliver what was recorded; all of it together within the time that an exit may take."""
    from time import monotonic

    recorders = [each for each in (_state.recorder, *_state.retired) if each is not None]
    within_s = getattr(getattr(_state.recorder, "settings", None), "exit_s", 0.8)
    ends_s = monotonic() + within_s
    for recorder in recorders:
        try:
            recorder.close(max(0.05, ends_s - monotonic()))
        except Exception:  # noqa: BLE001 - law 12: whatever is wrong, the host goes on
            DROPS.count("failed")


def _before_fork() -> None:
    _state.held = [each for each in (_state.recorder, *_state.retired) if each is not None and each.before_fork()]


def _after_fork_in_parent() -> None:
    held, _state.held = _state.held, []
    for recorder in held:
        recorder.after_fork_in_parent()


def _after_fork_in_child() -> None:
    """Begin anew in a child: what its parent recorded, its parent delivers, and counts."""
    _state.lock = RLock()
    _state.held = []
    DROPS.after_fork()
    retired, _state.retired = _state.retired, []
    for recorder in (_state.recorder, *retired):
        if recorder is not None:
            recorder.after_fork_in_child()


# Registered with the import, which is early: what a host registers after it still runs before it, and is recorded.
atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
