"""LiteLLM's proxy with the second version of its spans: a real process that real requests go through."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.dialects.emitters.sending import SERVICE, Calls, sending

_STARTING_S = 120
#: Its exporter sends what it has every half second; a scenario ends when that has surely happened, however busy.
_SENDING_S = 3
_ASKED = [{"role": "user", "content": "Say hi."}]


def _post(address: str, asked: dict[str, object]) -> None:
    body = json.dumps({"messages": _ASKED, **asked}).encode()
    headers = {"content-type": "application/json", "authorization": "Bearer none"}
    request = urllib.request.Request(f"{address}/v1/chat/completions", data=body, headers=headers)  # noqa: S310 - loopback
    urllib.request.urlopen(request).close()  # noqa: S310 - as above


def _is_up(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/health/liveliness").close()  # noqa: S310 - as above
    except (urllib.error.URLError, ConnectionError):
        return False
    return True


def _config(llm: str) -> str:
    gpt = {"api_base": f"{llm}/v1", "api_key": "none"}
    models: list[dict[str, object]] = [
        {"model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o", **gpt}},
        {"model_name": "refuse", "litellm_params": {"model": "openai/refuse-429", **gpt, "num_retries": 0}},
        {
            "model_name": "claude",
            "litellm_params": {"model": "anthropic/claude-sonnet-4-5", "api_base": llm, "api_key": "none"},
        },
    ]
    settings = {"callbacks": ["otel"], "num_retries": 0}
    return json.dumps({"model_list": models, "litellm_settings": settings, "router_settings": {"num_retries": 0}})


def main() -> None:
    """Play all scenarios."""
    to = sending()
    port = 20_000 + os.getpid() % 10_000
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "LITELLM_OTEL_V2": "true",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        "OTEL_EXPORTER": "otlp_http",
        "OTEL_ENDPOINT": f"{to.collector}/v1/traces",
        "OTEL_EXPORTER_OTLP_ENDPOINT": to.collector,
        "OTEL_SERVICE_NAME": SERVICE["service.name"],
        "OTEL_BSP_SCHEDULE_DELAY": "500",
    }
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(_config(to.llm), encoding="utf-8")  # JSON is YAML
        program = Path(sys.executable).with_name("litellm")
        command = [str(program), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
        log = (Path(folder) / "log").open("wb")
        proxy = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            deadline = time.monotonic() + _STARTING_S
            while not _is_up(address):
                if proxy.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit((Path(folder) / "log").read_text(encoding="utf-8", errors="replace"))
                time.sleep(0.5)
            time.sleep(_SENDING_S)
            streamed = {"stream": True, "stream_options": {"include_usage": True}}
            about = {"spend_logs_metadata": {"feature": "onboarding.document_import"}, "tags": ["customer:acme"]}
            calls: Calls = {
                "chat": lambda: _post(address, {"model": "gpt"}),
                "chat_at_work": lambda: _post(address, {"model": "gpt", "user": "u-17", "metadata": about}),
                "chat_stream": lambda: _post(address, {"model": "gpt", **streamed}),
                "chat_refused": lambda: _post(address, {"model": "refuse"}),
                "message": lambda: _post(address, {"model": "claude", "max_tokens": 400}),
            }
            to.play(calls, lambda: time.sleep(_SENDING_S))
        finally:
            proxy.terminate()
            proxy.wait()
            log.close()


if __name__ == "__main__":
    main()
