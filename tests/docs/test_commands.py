import re
from collections.abc import Iterator

import click

from outlay.cli import main
from tests.docs.pages import ROOT, read

WHERE = "docs/cli.md or docs/settings.md"
_SETTING = re.compile(r"\bOUTLAY_[A-Z][A-Z_]*[A-Z]\b")


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield every command a person can type, with its words."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from commands(below, click.Context(below, info_name=name, parent=context))


def every_command() -> list[tuple[str, click.Command]]:
    """Return all commands of `outlay`, itself first."""
    return list(commands(main, click.Context(main, info_name="outlay")))


def is_named(word: str, text: str) -> bool:
    """Say whether a text has a command or an option as a whole word, not as the start of a longer one."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def documents() -> str:
    """Return the two pages that tell what can be typed and set."""
    return read("docs/cli.md") + "\n" + read("docs/settings.md")


def test_every_command_is_documented() -> None:
    """Each command, with the words that lead to it, is in the pages."""
    text = documents()
    missing = [
        f"`{words}` is not documented. Fix: add it to {WHERE}"
        for words, _ in every_command()
        if not is_named(words, text)
    ]
    assert not missing, "\n".join(missing)


def test_every_option_is_documented() -> None:
    """Each long option of each command is in the pages."""
    text = documents()
    missing = [
        f"`{words} {option}` is not documented. Fix: add {option} to {WHERE}"
        for words, command in every_command()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("--") and not is_named(option, text)
    ]
    assert not missing, "\n".join(missing)


def test_every_setting_is_documented() -> None:
    """Each environment variable the code names is in the pages."""
    text = documents()
    files = sorted((ROOT / "src" / "outlay").rglob("*.py"))
    named = {(match, path) for path in files for match in _SETTING.findall(path.read_text(encoding="utf-8"))}
    missing = [
        f"{path.relative_to(ROOT)} reads {setting}, which is not documented. Fix: add it to {WHERE}"
        for setting, path in sorted(named)
        if not is_named(setting, text)
    ]
    assert not missing, "\n".join(missing)


def test_a_command_below_another_is_found_by_its_words() -> None:
    """The walk reaches groups within groups, leaves hidden ones out, and does not take a part for the whole."""

    @click.group
    def tree() -> None:
        """Hold commands."""

    @tree.group
    def rules() -> None:
        """Hold more."""

    @rules.command
    def plan() -> None:
        """Do nothing."""

    @tree.command(hidden=True)
    def secret() -> None:
        """Do nothing."""

    assert [words for words, _ in commands(tree, click.Context(tree, info_name="outlay"))] == [
        "outlay",
        "outlay rules",
        "outlay rules plan",
    ]
    assert is_named("--by", "Group with `--by DIM`.")
    assert not is_named("--by", "Group with `--by-day`.")
