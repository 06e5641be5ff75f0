"""How the tests of the documents find the examples that stand in them."""

import re


def blocks(text: str, language: str) -> list[str]:
    r"""Return the fenced blocks of a language, in order.

    >>> blocks("Say:\n```toml\na = 1\n```\n", "toml")
    ['a = 1\n']
    """
    return re.findall(rf"^```{language}\n(.*?)^```\s*$", text, re.MULTILINE | re.DOTALL)


def files(text: str) -> dict[str, str]:
    r"""Return the files a page asks to save: a line that ends with the name in backticks and a colon, then the block.

    >>> files("Save this as `a.csv`:\n\n```csv\nx,y\n```\n")
    {'a.csv': 'x,y\n'}
    """
    return dict(re.findall(r"`([\w.-]+)`:\n\n```\w+\n(.*?)^```\s*$", text, re.MULTILINE | re.DOTALL))


def typed(text: str) -> list[str]:
    r"""Return the commands of `outlay` that a page shows being typed, in order, without the prompt.

    >>> typed("```console\n$ export A=b\n$ outlay run\nout\n```\n")
    ['outlay run']
    """
    found = [line.removeprefix("$ ") for block in blocks(text, "console") for line in block.splitlines()]
    return [line for line in found if line.startswith("outlay ")]
