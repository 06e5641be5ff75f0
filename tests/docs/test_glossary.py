import re
from importlib import import_module
from pkgutil import walk_packages

import outlay.terms
from tests.docs.pages import read


def classes() -> list[tuple[str, str]]:
    """Return every public class of the words, with the module that defines it."""
    modules = [import_module(found.name) for found in walk_packages(outlay.terms.__path__, "outlay.terms.")]
    return sorted(
        (name, module.__name__)
        for module in [outlay.terms, *modules]
        for name, value in vars(module).items()
        if isinstance(value, type) and not name.startswith("_") and value.__module__ == module.__name__
    )


def test_every_word_is_in_the_glossary() -> None:
    """Each public class of `outlay.terms` is named in GLOSSARY.md, so that a word has one meaning."""
    text = read("GLOSSARY.md")
    missing = [
        f"{module}.{name} is not in GLOSSARY.md. Fix: add a line for it, with `{name}` as its type"
        for name, module in classes()
        if not re.search(rf"\b{name}\b", text)
    ]
    assert not missing, "\n".join(missing)
