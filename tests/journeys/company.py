"""The demo company's store, asked through the real command."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Demo:
    """What `outlay demo` left behind."""

    folder: Path
    store: str
    printed: dict[str, Any]
    truth: dict[str, Any]

    def outlay(self, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Run the command on the demo's store and return the JSON it prints."""
        return outlay("--store", self.store, *arguments, status=status)


def outlay(*arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Run the command as a user does and return the JSON it prints."""
    command = [sys.executable, "-m", "outlay", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"})
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout)
