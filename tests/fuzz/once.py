"""Inputs that once made a parser break its word. They are looked at for ever."""

from collections.abc import Mapping

_DEEP = b"[" * 5000
_HUGE = b"1e9999999999999999999"
_EVENT = b'{"id": "e-1", "time": "2026-10-03T12:00:00Z", '

ONCE: Mapping[str, tuple[bytes, ...]] = {
    # Quadratic: each quote was taken for the beginning of a text that does not end.
    "batch": (b'["' + b'\\"' * 500_000, b'["a\\', b'[{"id": "a, 1'),
    # Halves of characters passed the check, and could not be written down.
    "event": (_EVENT + b'"usage": {}, "prompt": "\\ud800"}', _EVENT + b'"usage": {}, "tags": {"\\udfff": 1}}'),
    "spans": (_EVENT + b'"usage": {}, "feature": "a\\ud800"}',),
    # No decimal has such an exponent, which is no ValueError.
    "row": (_EVENT + b'"usage": {"input": ' + _HUGE + b"}}", _EVENT + b'"usage": {}, "x": ' + _HUGE + b"}"),
    "event-file": (b"[" + _EVENT + b'"x": ' + _DEEP, _EVENT + b'\n"x": ' + _DEEP, _EVENT + b'"x": ' + _HUGE + b"}"),
    "log": (b'{"ts": ' + _DEEP, b'{"message": "{\\"ts\\": ' + _HUGE + b'}"}'),
    "event-table": (b"ts\xc3",),
    "business": (
        b"\x06release,released_at\n1.0,0001-01-01T00:00:00+14:00\n",
        b"\x02customer,name\nacme," + b"x" * 200_000 + b"\n",
        b"\x08[" + _HUGE + b"]",
    ),
    # The day after the last one that a calendar has.
    "allocations": (b"Date,CPUCost\n9999-12-31,1\n",),
    "snapshot": (b'{"is": ' + _DEEP,),
    "passing": (b"\x01\x02\x00\x00\x00{\x00}",),
    "overlay": (
        b"[[price]]\nvalid_from = 0001-01-01T00:00:00+14:00\n",
        b'[["\\u0000"]]\nper = 1\n',
        b"[[price]]\nper = " + b"1" * 5000,
        b"[[price]]\nper = " + _HUGE,
        b"[[price]]\nper = " + _DEEP,
    ),
    "rules": (
        b'[[rule]]\nname = "\xff"\n',
        b'[[rule]]\nname = "a"\nset = 3\n',
        b'[[rule]]\nname = "a"\nmatch = [1]\n',
        b'[[rule]]\nname = "a"\nwithin = 3\n',
        b'[[rule]]\nname = "a"\nset = { team = 3 }\n',
        b'[[rule]]\nname = "a"\nmatch = { provider = 3 }\n',
        b"[[rule]]\nname = " + _DEEP,
        b"[[rule]]\nname = " + b"1" * 5000,
    ),
    "feature": (
        b"[tokens]\ninput = { p50 = 1e999999999, p95 = 15_000 }\n",
        b"users = " + b"1" * 5000,
        b"users = " + _HUGE,
        b"users = " + _DEEP,
    ),
    # The fraction of such a number has a thousand million digits.
    "nodes": (
        b"[[node]]\nprice_per_gpu_hour = 1e999999999\n",
        b"[[node]]\nhours = 1e-999999999\n",
        b"[[node]]\ncurrency = []\n",
    ),
    "scenarios": (b'[[scenario]]\nname = "a"\nprice = [{ unit = "input", amount = 1e999999999, per = 1 }]\n',),
    "mapping": (b"[constants]\ntime = " + _DEEP,),
    "typed": (b"sNaN", b"prefill=1e999999999", b"1e999999999"),
    "period": (b"0000-01", b"9999-12", b"9999-12-31", b"0001-01-01", b"9999-12-01..9999-12-31", b"2298-12", b"1900-01"),
}
