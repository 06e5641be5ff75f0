"""The usage events: what the sensors saw of each day's work, and what they missed.

Comes in: the customers and the meter. Goes out: lines of `events/<month>.ndjson`; the meter is told what the
providers really did, which is not quite the same. Only integer arithmetic and `random.random` decide, so that
a seed gives the same bytes on every machine.
"""

from collections.abc import Iterator
from copy import copy
from datetime import date, timedelta
from random import Random

import msgspec

from outlay.demo import cast
from outlay.demo.cast import Feature
from outlay.demo.losses import BATCH, NONE, NOTE, Losses
from outlay.demo.meter import Cause, Meter
from outlay.demo.revenue import Crowd, Customer
from outlay.demo.season import CULPRIT, HOURS, ORDINARY, released, traffic

#: Sizes relative to the mean, in per mille: most work is small, some is large; the mean is 1,000.
_SIZES = (220, 290, 350, 400, 460, 520, 580, 640, 710, 780, 860, 950, 1050, 1160, 1300, 1460, 1640, 1880, 2250, 2500)
#: What becomes of a thousand first attempts; the rest completes.
_CALM = {"throttled": 16, "timeout": 7, "gave_up": 3, "cut": 6, "rejected": 4, "overloaded": 4, "not_sent": 2}
#: The same once the large model is asked for every document: its rate limit is met often.
_HASTY = {"throttled": 62, "timeout": 11, "gave_up": 4, "cut": 6, "rejected": 4, "overloaded": 9, "not_sent": 2}
#: State and error of an attempt that did not complete, by what became of it.
_ENDS = {
    "throttled": ("refused", "rate_limited"),
    "timeout": ("unknown", "timeout"),
    "gave_up": ("unknown", "timeout"),
    "cut": ("partial", "connection_reset"),
    "rejected": ("refused", "context_length_exceeded"),
    "overloaded": ("refused", "server_error"),
    "not_sent": ("not_sent", "circuit_open"),
}
#: States in which the provider gave us its response id.
_ANSWERED = frozenset({"complete", "partial"})
#: Ends that nobody hears of; a story with faults of its own has no others of them.
_UNHEARD = frozenset({"timeout", "gave_up", "cut"})
_RETRIED = frozenset({"throttled", "timeout", "overloaded"})
#: How the providers' response ids begin, and the context every model call of the company has.
_RESPONSES = {"openai": "chatcmpl-", "anthropic": "msg_"}
_CONTEXT = {"tier": "default", "processing": "realtime"}
_HOUR = 3_600_000
#: On the last day of the first month one provider posts what happens from this hour on a day late.
_LATE_HOUR, _LATE_PROVIDER = 21, "anthropic"


class Event(msgspec.Struct, omit_defaults=True, gc=False):
    """One usage event in its wire form; what is None is left out."""

    id: str
    time: str
    provider: str
    model: str
    operation: str
    usage: dict[str, int | float] | None = None
    feature: str | None = None
    customer: str | None = None
    team: str | None = None
    user: str | None = None
    session: str | None = None
    environment: str | None = None
    service: str | None = None
    endpoint: str | None = None
    prompt: str | None = None
    release: str | None = None
    trace: str | None = None
    span: str | None = None
    call: str | None = None
    attempt: int | None = None
    response_id: str | None = None
    state: str | None = None
    error: str | None = None
    context: dict[str, str] | None = None
    duration_ms: int | None = None
    sensor: str | None = None
    tags: dict[str, str] | None = None


class Action(msgspec.Struct, frozen=True, gc=False):
    """One user action: who acts and when, and the trace that all its calls share."""

    cause: Cause
    millisecond: int
    trace: str
    user: str | None = None
    plan: str | None = None
    environment: str = "production"


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One try of a call, and how it ended; the default is a call that needs no retries and completes."""

    call: str | None = None
    number: int | None = None
    state: str = "complete"
    error: str | None = None


_ONLY = Attempt()


class Telemetry:
    """Writes the events of the story day by day.

    Args:
        seed: The story's seed.
        scale: Multiplies the number of calls.
        crowds: The customers of each month.
        meter: Is told what really happened.
        losses: Faults that are injected.
    """

    def __init__(self, seed: int, scale: int, crowds: tuple[Crowd, Crowd], meter: Meter, losses: Losses = NONE) -> None:
        self._seed, self._scale, self._crowds, self._meter = seed, scale, crowds, meter
        self._losses = losses
        self._chance = Random()  # noqa: S311 - as below; faults have luck of their own and leave the story's alone
        self._encode = msgspec.json.Encoder().encode
        self._fates = {False: _table(_CALM), True: _table(_HASTY)}
        self._lines: list[tuple[int, bytes]] = []
        self._rng = Random()  # noqa: S311 - a story, not a secret
        self._day, self._text = date.min, ""

    def day(self, day: date) -> list[bytes]:
        """Return the day's events, one line each, in order of time."""
        self._day, self._text, self._lines = day, day.isoformat(), []
        self._chance = Random(f"{self._seed}/losses/{self._text}")  # noqa: S311
        for feature in cast.DOCUMENTS:
            for action, customer in self._actions(feature):
                self._document(action, feature, customer)
        for feature in cast.CALLS:
            for action, _ in self._actions(feature):
                self._model_call(action, feature)
        for feature in cast.OWN_GPU:
            for action, _ in self._actions(feature):
                self._own_gpu(action, feature)
        for action, _ in self._actions(cast.VECTORS):
            self._vector_read(action)
        self._cron()
        self._staging()
        self._lines.sort()
        return [line for _, line in self._lines]

    # -- who acts, and when ---------------------------------------------------------------------------------

    def _begin(self, flow: str) -> None:
        """Give every flow of every day its own luck, so that changing one leaves the others as they are."""
        self._rng = Random(f"{self._seed}/{flow}/{self._text}")  # noqa: S311

    def _actions(self, feature: Feature) -> Iterator[tuple[Action, Customer]]:
        self._begin(feature.name)
        crowd = self._crowds[self._day.month - 9]
        for _ in range((feature.per_day * self._scale * traffic(self._day) + ORDINARY // 2) // ORDINARY):
            customer, user = crowd.pick(self._rng)
            cause = Cause(self._day, feature.name, customer.customer)
            yield Action(cause, self._moment(), self._hex(128), user, customer.plan), customer

    def _moment(self, hour: int | None = None) -> int:
        """Return a millisecond of the day, early enough that what follows stays within the day."""
        hour = HOURS[int(self._rng.random() * len(HOURS))] if hour is None else hour
        return hour * _HOUR + int(self._rng.random() * (_HOUR - 400_000))

    def _hex(self, bits: int) -> str:
        return f"{self._rng.getrandbits(bits):0{bits // 4}x}"

    def _about(self, mean: int) -> int:
        """Return a size around a mean: skewed, as sizes of documents and answers are."""
        luck = self._rng.random
        return mean * _SIZES[int(luck() * len(_SIZES))] * (850 + int(luck() * 300)) // 1_000_000

    # -- what they do ---------------------------------------------------------------------------------------

    def _document(self, action: Action, feature: Feature, customer: Customer) -> None:
        """Take one document in: OCR when it is a scan, extraction, and tagging."""
        pages = max(1, self._about(cast.PAGES))
        if self._rng.random() * 100 < cast.SCANNED:
            self._meter.pages(action.cause, pages)
            self._write(action, feature, "ocr", {"page": pages}, served_by=("aws", "textract"), lasts=pages * 90)
        self._model_call(_later(action, 6_000), feature, size=pages)
        after = released(self._day, action.millisecond // _HOUR).released_at >= CULPRIT.released_at
        if after or customer.tags_documents:
            tagging = Cause(self._day, cast.TAGGING, customer.customer)
            tagger = cast.TAGGER_AFTER if after else cast.TAGGER
            later = _later(action, 25_000)
            self._model_call(
                Action(tagging, later.millisecond, action.trace, action.user, action.plan),
                tagger, size=pages, hasty=after,
            )  # fmt: skip

    def _own_gpu(self, action: Action, feature: Feature) -> None:
        prompt, answer = self._about(feature.input), self._about(feature.output)
        milliseconds = prompt * 2 + answer * 26
        self._meter.gpu(action.cause, milliseconds)
        usage = {"input": prompt, "output": answer, "gpu_second": milliseconds / 1000}
        self._write(action, feature, "chat", usage, lasts=milliseconds)

    def _vector_read(self, action: Action) -> None:
        units = max(5, self._about(900))
        self._meter.reads(action.cause, units)
        self._write(action, cast.VECTORS, "search", {"read_unit": units}, lasts=20 + units // 8)

    def _cron(self) -> None:
        """Re-index round the clock: an old job that was never told to say its feature, sometimes not even for whom."""
        self._begin("cron")
        crowd = self._crowds[self._day.month - 9]
        job = Feature("", "documents", "ingest-worker", "cron reindex", 0, "openai", "text-embedding-3-small")
        for nth in range(cast.CRON_PER_DAY * self._scale):
            customer, _ = crowd.pick(self._rng)
            known = None if self._rng.random() < 0.1 else customer.customer  # noqa: PLR2004
            action = Action(Cause(self._day, None, known), self._moment(nth % 24), self._hex(128))
            usage: dict[str, int | float] = {"input": self._about(110_000)}
            billed_on = self._losses.billed_on(job.provider, self._day, action.millisecond // _HOUR)
            units = {"input": int(usage["input"])}
            self._moved(action, job, self._meter.model(action.cause, job.provider, job.model, units, billed_on))
            self._write(action, job, "embeddings", usage, lasts=900)

    def _staging(self) -> None:
        """Run the end-to-end tests: real calls with real costs, for no customer."""
        self._begin("staging")
        for nth in range(cast.STAGING_PER_DAY * self._scale):
            feature = cast.DOCUMENTS[0] if nth % 2 else cast.CALLS[0]
            cause = Cause(self._day, feature.name, None, "staging")
            action = Action(cause, self._moment(nth % 24), self._hex(128), environment="staging")
            self._model_call(action, feature)

    # -- model calls, attempt by attempt --------------------------------------------------------------------

    def _model_call(self, action: Action, feature: Feature, *, size: int = 0, hasty: bool = False) -> None:
        units = self._units(feature, size)
        fates = self._fates[hasty]
        fate = fates[int(self._rng.random() * 1000)]
        call = self._hex(48)
        if self._losses.any and fate in _UNHEARD:
            fate = "complete"
        if fate == "complete" and self._happens(self._losses.timeouts):
            fate = "timeout"
        if fate == "complete":
            self._complete(action, feature, units, call, 1)
            return
        self._failed(action, feature, units, call, fate)
        if fate in _RETRIED:
            wait = 61_000 if fate == "timeout" else 2_000 + int(self._rng.random() * 6_000)
            self._complete(_later(action, wait), feature, units, call, 2)

    def _units(self, feature: Feature, size: int) -> dict[str, int]:
        """Return the tokens of a call: with the document's pages when given, else around the feature's mean."""
        fresh = feature.input * size // cast.PAGES if size else self._about(feature.input)
        fresh = min(fresh + 600, 250_000 if feature.provider == "openai" else 600_000)
        cached, output = feature.cached, max(20, self._about(feature.output))
        if feature.provider == "anthropic":
            # The first call in a while writes the shared prompt to the cache, the others read it.
            unit = "cache_write_5m" if self._rng.random() < 0.2 else "cache_read"  # noqa: PLR2004
            return {"input": fresh, unit: cached, "output": output}
        reasoning = output * 35 // 100
        return {"input": fresh, "cache_read": cached, "output": output - reasoning, "output_reasoning": reasoning}

    def _complete(self, action: Action, feature: Feature, units: dict[str, int], call: str, attempt: int) -> None:
        cost = self._bill(action, feature, units)
        lasts = 700 + units["output"] * 11
        told: dict[str, int | float] = {**units}
        event = self._write(action, feature, "chat", told, lasts=lasts, attempt=Attempt(call, attempt))
        again = self._rng.random() < 0.02  # noqa: PLR2004 - the gateway's own sensor sees some calls again
        if self._happens(self._losses.unseen):
            self._lines.pop()
            self._meter.note(f"{NOTE}unseen", cost)
            return
        self._moved(action, feature, cost)
        if feature.service == self._losses.doubled:
            twin = copy(event)
            twin.id, twin.span, twin.response_id = f"evt-{event.span}", event.id[4:20], None
            self._lines.append((action.millisecond, self._encode(twin)))
            self._meter.note(f"{NOTE}counted_twice", -cost)
        if again:
            event.id, event.sensor, event.span = "evt-" + self._hex(80), "gateway", self._hex(64)
            event.user = event.session = event.prompt = event.tags = event.attempt = event.call = None
            event.duration_ms = lasts + 14
            self._lines.append((action.millisecond, self._encode(event)))
            self._meter.note("double_seen", 0)

    def _failed(self, action: Action, feature: Feature, units: dict[str, int], call: str, fate: str) -> None:
        """Write an attempt that failed, and bill what the provider bills for it."""
        state, error = _ENDS[fate]
        told: dict[str, int | float] | None = None
        lasts = 60 if state in {"refused", "not_sent"} else 60_000
        if state == "unknown" and self._losses.any:
            self._meter.note(f"{NOTE}timed_out", self._bill(action, feature, units))
        elif state == "unknown" and self._rng.random() < 0.7:  # noqa: PLR2004 - the provider had started to work
            self._meter.note("timeouts_billed", self._bill(action, feature, units))
        elif state == "partial":
            heard = {unit: tokens for unit, tokens in units.items() if unit != "output_reasoning"}
            heard["output"] = units["output"] * (20 + int(self._rng.random() * 60)) // 100
            self._bill(action, feature, heard)
            # What was under way when the stream was cut is billed, though nobody received it.
            self._meter.note("cut_streams", self._bill(action, feature, {"output": heard["output"] // 8}))
            told, lasts = {**heard}, 700 + heard["output"] * 11
        self._write(action, feature, "chat", told, lasts=lasts, attempt=Attempt(call, 1, state, error))

    def _bill(self, action: Action, feature: Feature, units: dict[str, int]) -> int:
        late = (
            feature.provider == _LATE_PROVIDER
            and action.millisecond >= _LATE_HOUR * _HOUR
            and (self._day.month, self._day.day) == (9, 30)
        )
        usual = self._losses.billed_on(feature.provider, self._day, action.millisecond // _HOUR)
        billed_on = self._day + timedelta(days=1) if late else usual
        batch = BATCH if feature.name == self._losses.batch else ""
        cost = self._meter.model(action.cause, feature.provider, feature.model, units, billed_on, batch=batch)
        if batch:
            self._meter.note(f"{NOTE}context", cost // 2 - cost)
        if late:
            self._meter.note("billed_late", cost)
        return cost

    def _moved(self, action: Action, feature: Feature, cost: int) -> None:
        """Remember what was seen on one day and is billed on another because of a clock."""
        if self._losses.billed_on(feature.provider, self._day, action.millisecond // _HOUR) != self._day:
            self._meter.note(f"{NOTE}timing", cost)

    def _happens(self, per_mille: int) -> bool:
        """Say whether a fault that strikes so many in a thousand strikes now."""
        return per_mille > 0 and self._chance.random() * 1000 < per_mille

    def _write(
        self,
        action: Action,
        feature: Feature,
        operation: str,
        usage: dict[str, int | float] | None,
        *,
        lasts: int,
        attempt: Attempt = _ONLY,
        served_by: tuple[str, str] | None = None,
    ) -> Event:
        """Write one event and return it; `served_by` is (provider, model) when those are not the feature's."""
        at, cause = action.millisecond, action.cause
        provider, model = served_by or (feature.provider, feature.model)
        ids = self._hex(240)
        talks = operation == "chat"
        event = Event(
            id="evt-" + ids[:20],
            time=f"{self._text}T{at // _HOUR:02d}:{at // 60_000 % 60:02d}:{at // 1000 % 60:02d}.{at % 1000:03d}Z",
            provider=provider,
            model=model,
            operation=operation,
            usage=usage,
            feature=cause.feature,
            customer=cause.customer,
            team=feature.team if cause.feature else None,
            user=action.user,
            session="s-" + action.trace[:8] if action.user else None,
            environment=action.environment,
            service=feature.service,
            endpoint=feature.endpoint,
            prompt=feature.prompt if talks else None,
            release=released(self._day, at // _HOUR).name,
            trace=action.trace,
            span=ids[20:36],
            call=attempt.call,
            attempt=attempt.number,
            response_id=_RESPONSES.get(provider, "req-") + ids[36:] if attempt.state in _ANSWERED else None,
            state=attempt.state,
            error=attempt.error,
            context=_CONTEXT if talks else None,
            duration_ms=lasts,
            sensor="sdk",
            tags={"plan": action.plan} if action.plan else None,
        )
        self._lines.append((at, self._encode(event)))
        return event


def _later(action: Action, milliseconds: int) -> Action:
    """Return the same action, a little later."""
    return Action(
        action.cause, action.millisecond + milliseconds, action.trace, action.user, action.plan, action.environment
    )


def _table(fates: dict[str, int]) -> tuple[str, ...]:
    """Return a thousand outcomes of which so many are the named ones."""
    named = [fate for fate, often in fates.items() for _ in range(often)]
    return (*named, *["complete"] * (1000 - len(named)))
