"""Model names, as people type them: with the provider and a slash in front, or without."""

from typing import cast

from outlay.errors import UnknownName
from outlay.explain.replay import Key
from outlay.prices.book import Book
from outlay.prices.pattern import compiled
from outlay.prices.rates import Rates

#: No model is called this; a pattern that it fits is for every model of a provider, and tells none apart.
_ANYTHING = "?"


def is_meant(name: str, key: Key, book: Book) -> bool:
    """Say whether a name that was typed means the model of a key: by its own name, or as the price book has it."""
    provider, model = _apart(name, key, book)
    if provider.lower() != key.provider.lower():
        return False
    if model.lower() == key.model.lower():
        return True
    meant, had = book.rates(provider, model), book.rates(key.provider, key.model)
    if not isinstance(meant, Rates) or not isinstance(had, Rates) or compiled(meant.pattern).fullmatch(_ANYTHING):
        return False
    return (meant.provider, meant.name) == (had.provider, had.name)


def named(name: str, key: Key, book: Book) -> dict[str, str]:
    """Return the provider and model that a name means.

    Raises:
        UnknownName: The price book has no such model; the nearest are shown.
    """
    provider, model = _apart(name, key, book)
    found = book.find(provider, model)
    if not isinstance(found, Rates):
        sellers = [seller for seller in book.models if _makes(seller, model, book)]
        known = [f"{provider}/{near}" for near in found.nearest] or [f"{seller}/{model}" for seller in sellers]
        raise UnknownName(f"model of {provider} with a price", name, known)
    return {"provider": provider, "model": model}


def _makes(seller: str, model: str, book: Book) -> bool:
    """Say whether a model is a provider's own, and told apart from its others."""
    found = book.rates(seller, model)
    own = isinstance(found, Rates) and found.provider == seller
    return own and not compiled(cast(Rates, found).pattern).fullmatch(_ANYTHING)


def _apart(name: str, key: Key, book: Book) -> tuple[str, str]:
    """Return provider and model; what stands before a slash is a provider only if the price book has it."""
    before, slash, after = name.partition("/")
    if slash and (before.lower() == key.provider.lower() or before.lower() in book.models):
        return before, after
    return key.provider, name
