import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

import outlay
from outlay.sdk.instrument.hosts import provider_of, route
from outlay.testing import recorded
from tests import apart
from tests.sdk.fake_llm import CHAT_UNITS, Fake, serve

ROOT = Path(__file__).parents[2]
ASKED: Any = [{"role": "user", "content": "hello"}]
BODY = {"model": "gpt-4o", "messages": ASKED}


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    """Serve as OpenAI and Anthropic do."""
    found, server = serve()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    """Leave nothing instrumented."""
    yield
    outlay.uninstrument()


def test_clients_made_before_and_after_are_seen(fake: Fake) -> None:
    """`instrument()` reaches clients that exist already and those made later, of both HTTP libraries, sync and not."""
    before = httpx.Client()
    outlay.instrument(hosts={fake.address: "groq"})
    with (
        recorded() as events,
        before,
        httpx2.Client() as later,
        openai.OpenAI(base_url=fake.openai, api_key="k") as client,
        anthropic.Anthropic(base_url=fake.address, api_key="k") as other,
    ):
        before.post(f"{fake.openai}/chat/completions", json=BODY)
        later.post(f"{fake.openai}/chat/completions", json=BODY)
        client.chat.completions.create(model="gpt-4o", messages=ASKED)
        other.messages.create(model="claude", max_tokens=9, messages=ASKED)

        async def asynchronous() -> None:
            async with httpx.AsyncClient() as one, httpx2.AsyncClient() as two:
                await one.post(f"{fake.openai}/chat/completions", json=BODY)
                await two.post(f"{fake.openai}/chat/completions", json=BODY)

        apart.run(asynchronous())
    assert [event.provider for event in events] == ["groq"] * 6
    assert [event.usage for event in events].count(CHAT_UNITS) == 5


@pytest.mark.parametrize("how", ["instrument", "track"])
def test_clients_that_send_with_aiohttp_are_seen(fake: Fake, how: str) -> None:
    """The clients' other way to send, by aiohttp, is seen in both ways, streams included."""

    async def run() -> None:
        async with openai.AsyncOpenAI(
            base_url=fake.openai, api_key="k", http_client=openai.DefaultAioHttpClient()
        ) as client:
            if how == "track":
                outlay.track(client, provider="groq")
            await client.chat.completions.create(model="gpt-4o", messages=ASKED)
            usage: Any = {"include_usage": True}
            async for _ in await client.chat.completions.create(
                model="gpt-4o", messages=ASKED, stream=True, stream_options=usage
            ):
                pass

    if how == "instrument":
        outlay.instrument(hosts={fake.address: "groq"})
    with recorded() as events:
        apart.run(run())
    assert [(event.provider, event.usage) for event in events] == [("groq", CHAT_UNITS)] * 2


def test_other_hosts_are_left_alone(fake: Fake) -> None:
    """A request to a host that nobody named is not looked at, whatever its path is called."""
    outlay.instrument()
    with recorded() as events, httpx2.Client() as client:
        client.post(f"{fake.openai}/chat/completions", json=BODY)
    assert list(events) == []


def test_instrumenting_twice_counts_once_and_undoing_it_leaves_no_trace(fake: Fake) -> None:
    """However often and in many threads it is called, a call is one event; undone, every method is as before."""
    kinds = (httpx.HTTPTransport, httpx.AsyncHTTPTransport, httpx2.HTTPTransport, httpx2.AsyncHTTPTransport)
    before = [dict(vars(kind)) for kind in kinds]
    finders = list(sys.meta_path)
    threads = [threading.Thread(target=outlay.instrument, kwargs={"hosts": {fake.address: "x"}}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with httpx2.Client() as client:
        with recorded() as events:
            client.post(f"{fake.openai}/chat/completions", json=BODY)
        assert len(events) == 1
        outlay.uninstrument()
        outlay.uninstrument()
        with recorded() as events:
            client.post(f"{fake.openai}/chat/completions", json=BODY)
        assert len(events) == 0
    assert [dict(vars(kind)) for kind in kinds] == before
    assert sys.meta_path == finders


def test_what_another_wraps_on_top_stays_and_we_fall_silent(fake: Fake) -> None:
    """When another tool has wrapped the method after us, it is not torn out; our part of it does nothing more."""
    original = httpx2.HTTPTransport.handle_request
    outlay.instrument(hosts={fake.address: "x"})
    ours = httpx2.HTTPTransport.handle_request
    seen: list[str] = []

    def theirs(transport: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        """Note the request, and send it."""
        seen.append(request.method)
        return ours(transport, request)

    httpx2.HTTPTransport.handle_request = theirs  # type: ignore[assignment,method-assign] # as another tool would
    try:
        outlay.uninstrument()
        with recorded() as events, httpx2.Client() as client:
            client.post(f"{fake.openai}/chat/completions", json=BODY)
        assert (seen, list(events)) == (["POST"], [])
    finally:
        httpx2.HTTPTransport.handle_request = original  # type: ignore[method-assign]


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
import outlay
outlay.configure(events=sys.argv[3])
outlay.instrument(hosts={sys.argv[2]: "openai"})
loaded = {"httpx", "httpx2", "botocore", "openai", "boto3"} & set(sys.modules)
import openai
client = openai.OpenAI(base_url=sys.argv[2] + "/v1", api_key="k")
client.chat.completions.create(model="gpt-4o", messages=[])
import httpx
httpx.post(sys.argv[2] + "/v1/chat/completions", json={"model": "m", "messages": []})
outlay.flush()
print(json.dumps([sorted(loaded), outlay.dropped(), type(httpx.__spec__.loader).__name__]))
"""


def test_libraries_imported_later_are_found_and_none_is_imported_for_it(fake: Fake, tmp_path: Path) -> None:
    """`instrument()` before any library is there imports none, and sees what is asked through each once it is."""
    command = [sys.executable, "-c", PROGRAM, str(ROOT / "src"), fake.address, str(tmp_path / "e")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [[], 0, "SourceFileLoader"]
    events = [json.loads(line) for line in (tmp_path / "e").read_text(encoding="utf-8").splitlines()]
    assert [event["provider"] for event in events] == ["openai", "openai"]


def test_an_import_that_fails_fails_as_it_would(tmp_path: Path) -> None:
    """A library that cannot be imported raises its own exception, and is waited for no less."""
    (tmp_path / "httpx.py").write_text("raise ZeroDivisionError", encoding="utf-8")
    program = (
        "import sys\nsys.path[:0] = sys.argv[1:]\nimport outlay\noutlay.instrument()\n"
        "for _ in range(2):\n try: import httpx\n except ZeroDivisionError: print('as it would')"
    )
    command = [sys.executable, "-c", program, str(tmp_path), str(ROOT / "src")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["as it would"] * 2


def test_any_host_is_metered_as_a_program_says(fake: Fake) -> None:
    """Requests to a configured host are metered by the request, or by what a function reads in the answer."""
    outlay.instrument(
        http={
            fake.address: {
                "provider": "acme-ocr",
                "model": "ocr-2",
                "operation": "scan",
                "read": lambda answer: {"page": 3, "credit": 0.1} if answer else {},
                "paths": ["/scan"],
            },
            "localhost": {"provider": "never-asked"},
        }
    )
    outlay.instrument(http={fake.address: {"provider": "acme-search", "paths": ["/search"]}})
    with recorded() as events, httpx2.Client() as client, outlay.context(feature="import.document"):
        client.put(f"{fake.address}/other")
        client.post(f"{fake.address}/scan", json={})
        client.get(f"{fake.address}/search?q=word")
    first, second = events
    assert (first.provider, first.model, first.operation, first.feature) == (
        "acme-ocr",
        "ocr-2",
        "scan",
        "import.document",
    )
    assert {unit: str(quantity) for unit, quantity in first.usage.items()} == {"page": "3", "credit": "0.1"}
    assert (second.provider, second.model, dict(second.usage)) == ("acme-search", None, {"request": 1})
    assert "word" not in repr(second)


def test_a_reader_that_fails_costs_nothing_but_a_count(fake: Fake) -> None:
    """What goes wrong in a function of the program's is counted, and the event is there all the same."""

    def wrong(_: object) -> dict[str, object]:
        raise ZeroDivisionError

    outlay.instrument(http={fake.address: {"read": wrong}})
    before = outlay.dropped()
    with recorded() as events, httpx2.Client() as client:
        assert client.post(f"{fake.address}/x", json={}).status_code == 200
    assert outlay.dropped() == before + 1
    assert [event.provider for event in events] == ["127.0.0.1"]


def test_settings_that_cannot_be_used_are_left_out(fake: Fake) -> None:
    """Nonsense in the settings reaches nobody: it is left out, counted and said in the log."""
    before = outlay.dropped()
    wrong: Any = {fake.address: {"provder": "x"}}
    outlay.instrument(http=wrong)
    outlay.instrument(hosts=5)  # type: ignore[arg-type] # that is the point
    outlay.track(5)
    outlay.track(None)
    assert outlay.dropped() == before + 2


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("api.openai.com", "openai"),
        ("eu.api.openai.com", "openai"),
        ("acme.openai.azure.com", "azure"),
        ("acme.services.ai.azure.com", "azure"),
        ("api.anthropic.com", "anthropic"),
        ("openrouter.ai", "openrouter"),
        ("api.groq.com", "groq"),
        ("api.mistral.ai", "mistral"),
        ("api.deepseek.com", "deepseek"),
        ("api.x.ai", "x-ai"),
        ("api.together.xyz", "together"),
        ("api.fireworks.ai", "fireworks"),
        ("generativelanguage.googleapis.com", "google"),
        ("europe-west1-aiplatform.googleapis.com", "google"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "aws"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "aws"),
        ("api.openai.com.evil.example", None),
        ("notapi.openai.com", None),
        ("example.com", None),
    ],
)
def test_a_provider_is_known_by_its_host(host: str, provider: str | None) -> None:
    """Each provider is told by its own hosts, and by no host that only looks like them."""
    assert provider_of(host) == provider


@pytest.mark.parametrize(
    ("path", "operation", "model"),
    [
        ("/v1/chat/completions", "chat", None),
        ("/api/v1/chat/completions", "chat", None),
        ("/v1beta/openai/chat/completions", "chat", None),
        ("/openai/deployments/my-gpt/chat/completions?api-version=1", "chat", "my-gpt"),
        ("/v1/responses", "chat", None),
        ("/v1/responses/resp_1/cancel", None, None),
        ("/v1/responses/input_tokens", None, None),
        ("/v1/messages", "chat", None),
        ("/v1/messages/count_tokens", None, None),
        ("/v1/messages/batches", None, None),
        ("/v1/completions", "text_completion", None),
        ("/v1/embeddings", "embeddings", None),
        ("/v1/images/generations", "image_generation", None),
        ("/v1/audio/transcriptions", "transcription", None),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", "chat", "gemini-3-pro"),
        ("/v1beta/models/gemini-3-pro:countTokens", None, None),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:streamRawPredict", "chat", "claude-x"),
        ("/model/anthropic.claude-x-v1%3A0/invoke-with-response-stream", "chat", "anthropic.claude-x-v1:0"),
        ("/v1/files", None, None),
    ],
)
def test_an_operation_is_known_by_its_path(path: str, operation: str | None, model: str | None) -> None:
    """What costs is told by the end of its path, with the model where the path says it; all else is no call."""
    found = route("openai", "host", path)
    assert (found and found.operation, found and found.model) == (operation, model)


def test_an_unknown_host_is_paid_under_its_own_name(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is priced by a guess: a gateway that nobody named has no price, until somebody says whose it is."""
    monkeypatch.setenv("OPENAI_BASE_URL", fake.openai)
    with openai.OpenAI(api_key="k") as client, recorded() as events:
        outlay.track(client)
        client.chat.completions.create(model="gpt-4o", messages=ASKED)
    with openai.OpenAI(api_key="k") as client, recorded() as further:
        outlay.instrument()
        client.chat.completions.create(model="gpt-4o", messages=ASKED)
    outlay.uninstrument()
    with openai.AzureOpenAI(azure_endpoint=fake.address, api_version="1", api_key="k") as azure, recorded() as third:
        outlay.track(azure)
        azure.chat.completions.create(model="gpt-4o", messages=ASKED)
    assert [event.provider for event in (*events, *further, *third)] == ["127.0.0.1", "127.0.0.1", "azure"]
