from datetime import timedelta
from pathlib import Path

import pytest

from outlay.errors import BadConfig
from outlay.schedule.config import place_of, read

GOOD = """
[[source]]
name = "aws"
import = "aws_cur"
place = "exports"
every = "6h"
settle = "2d"
options = { days = 3, exact = true, region = "eu-west-1" }

[[source]]
name = "prometheus"
import = "prometheus"
places = ["https://prometheus.example"]
every = "1d"
"""


def written(folder: Path, text: str) -> Path:
    """Write a configuration."""
    path = folder / "outlay.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_sources_are_read_in_order(tmp_path: Path) -> None:
    """Lengths of time, options as texts, and paths from where the configuration is."""
    found = read(written(tmp_path, GOOD))
    aws, prometheus = found.sources
    assert found.run
    assert (aws.name, aws.importer, aws.every, aws.settle) == ("aws", "aws_cur", timedelta(hours=6), timedelta(days=2))
    assert aws.places == (str(tmp_path / "exports"),)
    assert aws.options == {"days": "3", "exact": "true", "region": "eu-west-1"}
    assert (prometheus.places, prometheus.settle) == (("https://prometheus.example",), None)


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('[[source]]\nname = "a b"\nimport = "x"\nevery = "1h"', "name it with letters"),
        ('[[source]]\nname = "a"\nevery = "1h"', "say what imports it"),
        ('[[source]]\nname = "a"\nimport = "x"', "say how often"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "soon"', "say how often"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "400d"', "say how often"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\nsettle = 2', "settle is no length"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\nplaces = "p"', "places is a list"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\nfrequency = "1h"', "frequency is no key"),
        (
            '[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\n[source.options]\nx = 1.5',
            "is a text or a whole number",
        ),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\n[source.options]\napi_key = "k"', "looks like a secret"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\nplace = "https://u:p@h/"', "holds no secret"),
        ('[[source]]\nname = "a"\nimport = "x"\nevery = "1h"\nplace = "https://h/?token=k"', "holds no secret"),
        ('run = "yes"', "run: write true or false"),
        ("[sources]", "sources: not a setting"),
        ("source = 1", r"write every one as a \[\[source\]\] table"),
        ("[[source", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, flaw: str) -> None:
    """Every flaw, and a secret above all: none is ever kept in a configuration."""
    with pytest.raises(BadConfig, match=flaw):
        read(written(tmp_path, text))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    """They would share their history."""
    with pytest.raises(BadConfig, match="two of that name"):
        read(written(tmp_path, GOOD.replace('"prometheus"\nimport', '"aws"\nimport')))


def test_the_configuration_is_where_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As named, else `OUTLAY_CONFIG`, else `outlay.toml` in the folder one is in, else nowhere."""
    path = written(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OUTLAY_CONFIG", raising=False)
    assert place_of(None) == Path("outlay.toml")
    monkeypatch.setenv("OUTLAY_CONFIG", str(path))
    assert place_of(None) == path
    with pytest.raises(BadConfig, match="there is no configuration"):
        place_of(tmp_path / "nowhere.toml")
    monkeypatch.delenv("OUTLAY_CONFIG")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert place_of(None) is None
