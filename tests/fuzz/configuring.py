"""What people write: files of settings in TOML, and what they type on a command line or into an address."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

from outlay.allocate import rules
from outlay.capture.mapping import ColumnMapping, read_mapping
from outlay.explain.estimate.feature_file import read_feature
from outlay.explain.parts import read_part
from outlay.explain.self_hosted.nodes import held, read_nodes, read_weights
from outlay.explain.whatif.scenario import read_factor, read_price, read_scenarios, read_swap
from outlay.prices.overlay.file import read_overlay
from outlay.schedule import config
from outlay.sdk.outbound.hosts import Hosts
from outlay.sdk.web.features import known
from outlay.serve.asked import names_of, where_of
from outlay.serve.encode import to_json
from outlay.serve.guard import is_loopback, name_in, scope_of
from outlay.serve.keys.key import parts_of
from outlay.terms.period import Period, day
from tests.fuzz.parser import Parser, answered, placed

_HOURS = 720


def _in_file(read: Callable[[Path], object]) -> Callable[[bytes], None]:
    """Return a check that puts bytes into a file, and has it read."""

    def check(body: bytes) -> None:
        with placed(body, "file.toml") as path:
            answered(lambda: read(path))

    return check


def _rules(path: Path) -> None:
    found = rules.read(path)
    assert rules.from_definitions(found.definitions).version == found.version
    first = found.first(dict.fromkeys(found.columns, "x"))
    if first:
        first.known(dict.fromkeys(found.columns))


def _overlay(path: Path) -> None:
    found = read_overlay(path)
    for fault in found.faults:
        assert fault.line > 0
        assert fault.fix
        str(fault).encode()
        assert fault.problem.fix
    for stated in found.stated:
        assert stated["amount"] >= 0 or stated["unit"]


def _nodes(path: Path) -> None:
    if nodes := read_nodes(path):
        held(nodes, _HOURS)


def _mapping(path: Path) -> None:
    found: ColumnMapping = read_mapping(path)
    assert found.written()
    row = dict.fromkeys(found.wanted(), "1790000000")
    found.is_event(row)
    found.says_usage(row)
    found.event(row)


def _features(path: Path) -> None:
    known(path)("search.answer")


def check_period(body: bytes) -> None:
    """A period is some days, and can be used: named, cut into months, read again."""
    text = body.decode("utf-8", "replace")
    answered(day, text)
    period = answered(Period.parse, text)
    if period is not None:
        assert Period.parse(str(period)) == period
        assert period.days > 0
        assert period.starts_at < period.ends_at
        months = period.months()
        assert months[0].first <= period.first
        assert months[-1].end >= period.end
        assert period.name


def check_question(body: bytes) -> None:
    """The texts of an address are dimensions and filters, or refused in words that can be sent."""
    texts = [value for _, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)]
    where = answered(where_of, texts)
    assert where is None or all(where)
    assert all(names_of(texts))
    to_json({"where": where, "names": names_of(texts)}).encode()


def check_typed(body: bytes) -> None:
    """What is typed after an option is a part, a factor, a swap, a price or weights, or refused."""
    text = body.decode("utf-8", "replace")
    for read in (read_swap, read_price, read_weights, partial(read_part, what="it"), partial(read_factor, what="it")):
        found = answered(read, text)
        if found is not None:
            repr(found).encode("utf-8", "replace")
    price = answered(read_price, text)
    assert price is None or price.atto >= 0
    answered(Hosts, [text])
    Hosts(["api.internal:8443", ".svc.local"]).allow(text, 443)


def check_request(body: bytes) -> None:
    """What stands in a request before anybody is known: its host, its path, the text of a key."""
    text = body.decode("latin-1")
    is_loopback(name_in(text))
    assert scope_of(text) in ("ingest", "read", "admin")
    found = parts_of(text)
    assert found is None or (len(found[0]), len(found[1])) == (12, 64)


def _overlays() -> Iterable[bytes]:
    yield b"""[[price]]
provider = "acme"
model = "index"
unit = "read_unit"
amount = "16.00"
per = 1_000_000
currency = "USD"
valid_from = 2026-10-01
valid_to = 2027-10-01T00:00:00Z
context = { tier = "flex", hours = "16:30-00:30", days = "sat-sun" }
pattern = "index-.*"

[[discount]]
provider = "openai"
percent = "12.5"
valid_from = 2026-01-01
"""
    yield b"""[[price]]
provider = "acme"
model = "m"
amounts = { input = 2, output = "2.5" }
per = 1000
size_from = 200_001
threshold = "marginal"
currency = "USD"
[[deployment]]
provider = "azure"
name = "prod"
model = "openai/gpt-5"
[[credit]]
provider = "openai"
amount = "500"
currency = "USD"
valid_from = 2026-10-01
"""


def _rule_files() -> Iterable[bytes]:
    yield rules.DEFAULT.read_bytes()
    yield b"""[[rule]]
name = "gpu"
match = { service_category = ["AI*", "!x"], "tag:team" = "" }
set = { provider = "provider", team = "=growth", model = "tag:model" }
split = "driver"
driver = "unit:gpu_second"
within = ["provider"]
to = ["feature", "customer"]
fallback = "month"
capacity = { unit = "gpu_second", per_consumed = 3600 }
[[rule]]
name = "fixed"
split = "fixed"
among = [{ team = "a", weight = 60 }, { team = "b", weight = 40 }]
"""


_FEATURE = b"""feature = "reports.weekly_digest"
users = 10_000
requests_per_user_per_day = { mean = 3, stddev = 1.5 }
cache_hit_rate = "40%"
retry_rate = "2%"
growth_per_month = "-5%"
on = 2026-11-01
[tokens]
input = { p50 = 6_000, p95 = 15_000 }
output = 500
[units]
web_search = 0.3
[[also]]
provider = "pinecone"
model = "serverless"
unit = "read_unit"
quantity = 5
[[model]]
provider = "anthropic"
model = "claude-sonnet-4-5"
context = { processing = "batch" }
"""
_LIKE = b"""feature = "a.b"
users = 5
requests_per_user_per_day = 1
like = "c.d"
like_period = "2026-10"
[[model]]
provider = "x"
model = "y"
"""
_SCENARIO = b"""[[scenario]]
name = "small model"
where = { feature = "ai_tagging" }
model = [{ from = "claude-opus-5", to = "openai/gpt-5-mini", share = "50%" }]
cache_hit = "60%"
prompt_cut = "20%"
batch = "30%"
traffic = 10
price = [{ model = "gpt-5-mini", unit = "input", amount = "0.20", per = 1_000_000 }]
"""
_NODE = b"""[[node]]
name = "a100"
gpus = 8
price_per_gpu_hour = "2.50"
currency = "USD"
hours = 720
prefill_tokens_per_second = 8000
decode_tokens_per_second = 900.5
"""
_MAP = b"""[constants]
provider = "azure"
[columns]
time = "TIMESTAMP"
[usage]
input = "ContextTokens"
[context]
tier = "t"
[tags]
plan = "p"
[where]
event = "ai_call"
[time]
format = "%d/%m/%Y %H:%M:%S"
"""
_CONFIG = b"""reporting_currency = "EUR"
run = false
[[source]]
name = "aws"
import = "aws_cur"
place = "s3://bills/cur2"
every = "6h"
settle = "2d"
options = { "endpoint-url" = "http://127.0.0.1:9" }
[[budget]]
name = "plan"
amount = 12.50
currency = "USD"
feature = "search.answer"
each = "customer"
warn_at = 0.9
deny = true
[[call_budget]]
feature = "search.answer"
input_per_call = 2000
alert_multiplier = 1.4
least_calls = 100
model = "gpt-5-mini"
escalate = ["gpt-5"]
"""


PARSERS = (
    Parser("configuration", _in_file(config.read), lambda: [_CONFIG]),
    Parser("overlay", _in_file(_overlay), _overlays),
    Parser("rules", _in_file(_rules), _rule_files),
    Parser("feature", _in_file(read_feature), lambda: [_FEATURE, _LIKE]),
    Parser("scenarios", _in_file(read_scenarios), lambda: [_SCENARIO]),
    Parser("nodes", _in_file(_nodes), lambda: [_NODE]),
    Parser("mapping", _in_file(_mapping), lambda: [_MAP, _MAP.replace(b'"%d/%m/%Y %H:%M:%S"', b'"unix_ms"')]),
    Parser("features", _in_file(_features), lambda: [b"search.answer\nexport.* # all of it\n"]),
    Parser("period", check_period, lambda: [b"2026-10", b"2026-10-03", b"2026-10-03..2026-11-02"]),
    Parser("question", check_question, lambda: [b"where=team%3Dgrowth&where=customer%3D&by=feature,model"]),
    Parser(
        "typed",
        check_typed,
        lambda: [
            b"30%",
            b"10x",
            b"gpt-5.4=openai/gpt-5-mini@25%",
            b"m:input=0.20/1,000",
            b"prefill=1,decode=4",
            b"a.b:1",
        ],
    ),
    Parser("request", check_request, lambda: [b"[::1]:8321", b"/v1/keys/k", b"outlay_" + b"0" * 12 + b"_" + b"A" * 43]),
)
