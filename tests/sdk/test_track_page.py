import json
import subprocess
import sys
from pathlib import Path

from tests.docs.examples import blocks
from tests.docs.pages import read
from tests.sdk.fake_llm import CHAT_UNITS, serve


def test_the_programs_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    """Every example of docs/tracking.md runs, in order, as one program, and records what the page says."""
    program = "\n".join(blocks(read("docs/tracking.md"), "python"))
    fake, server = serve()
    try:
        code = f"BASE_URL = {fake.openai!r}\n{program}\nclient.close()\noutlay.flush()\nassert outlay.dropped() == 0"
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    finally:
        server.shutdown()
        server.server_close()
    lines = (tmp_path / "usage.ndjson").read_text(encoding="utf-8").splitlines()
    events = {tuple(event["usage"]): event for event in map(json.loads, lines)}
    assert len(lines) == 4
    assert events[tuple(CHAT_UNITS)]["customer"] == "acme"
    assert events[("frame",)]["usage"] == {"frame": 24}
    assert events[("gpu_second",)]["feature"] == "video.render"
