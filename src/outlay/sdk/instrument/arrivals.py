"""Arrivals: something is done once a module is there, whether that is now or later. Nothing is imported for it.

Comes in: the name of a module and what to do with it. The import system is asked to tell when the module has been
executed; what it finds and how it loads is left to those who did so before.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from threading import local
from types import ModuleType
from typing import Any

from outlay.sdk.instrument.trouble import swallowed

Then = Callable[[ModuleType], None]
_waiting: dict[str, list[Then]] = {}
_looking = local()


class _Watch:
    """A finder that finds nothing by itself."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Let the others find a module that is waited for, and have it tell when it has been executed."""
        if name not in _waiting or getattr(_looking, "name", None) == name:
            return None
        _looking.name = name
        try:
            for finder in sys.meta_path:
                if finder is not _Watch and (found := finder.find_spec(name, path, target)) is not None:
                    return _announcing(found)
        finally:
            _looking.name = None
        return None


def _announcing(spec: ModuleSpec) -> ModuleSpec:
    loader: Any = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return spec

    def exec_module(module: ModuleType) -> None:
        try:
            del loader.exec_module  # the loader is as it was before anything can go wrong
        finally:
            execute(module)
        _arrived(spec.name, module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        swallowed(f"waiting for {spec.name}")
    return spec


def _arrived(name: str, module: ModuleType) -> None:
    for then in _waiting.pop(name, ()):
        try:
            then(module)
        except Exception:  # noqa: BLE001 - law 12: an import of the host must not fail because of us
            swallowed(f"instrumenting {name}")


def when_there(name: str, then: Then) -> None:
    """Do something with a module, now if it is imported already, else right after it is.

    Args:
        name: Full name of the module.
        then: Called with it, once. What it raises is swallowed and counted.
    """
    module = sys.modules.get(name)
    if module is not None and getattr(getattr(module, "__spec__", None), "_initializing", False):
        # Somebody is importing it in this moment. To import it, too, is to wait for that.
        module = import_module(name)
    if module is not None:
        try:
            then(module)
        except Exception:  # noqa: BLE001 - law 12
            swallowed(f"instrumenting {name}")
        return
    _waiting.setdefault(name, []).append(then)
    if _Watch not in sys.meta_path:
        sys.meta_path.insert(0, _Watch)


def forget() -> None:
    """Wait for nothing any more."""
    _waiting.clear()
    if _Watch in sys.meta_path:
        sys.meta_path.remove(_Watch)
