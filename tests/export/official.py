"""The official FOCUS validator, in its environment of its own."""

import os
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.house.planting import ROOT

PLACE = ROOT / ".cache" / "focus-validator"
QUIRKS = Path(__file__).with_name("quirks.toml")


def failing(path: Path, folder: Path) -> set[str]:
    """Return the rules that a file fails, by their names.

    Args:
        path: The file, CSV or Parquet.
        folder: Where the validator's own report may go.
    """
    program = PLACE / "bin" / "focus-validator"
    assert program.exists(), "the FOCUS validator is not there. Fix: make validator"
    (packages,) = PLACE.glob("lib/python3.*/site-packages")
    report = folder / "report.xml"
    command = [str(program), "--data-file", str(path.absolute()), "--validate-version", "1.2.0.1", "--block-download"]
    command += ["--focus-dataset", "CostAndUsage", "--applicability-criteria", "ALL", "--output-type", "unittest"]
    command += ["--output-destination", str(report)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # It opens one of its own files by a relative path, and its exit status is 0 whatever it finds.
    done = subprocess.run(command, cwd=packages, env=environment, capture_output=True, text=True, check=False)
    assert report.exists(), done.stdout + done.stderr
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - the validator's own report
    assert sum(1 for case in cases if not list(case)) > 300, "the validator checked next to nothing"
    wrong = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return {(case.get("name") or "").partition(" ")[0] for case in wrong}


def quirks() -> set[str]:
    """Return the rules whose failing is the validator's own fault."""
    return {quirk["rule"] for quirk in tomllib.loads(QUIRKS.read_text(encoding="utf-8"))["quirk"]}
