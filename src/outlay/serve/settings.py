"""Settings: what `outlay.toml` says, as the server could last read it.

Comes in: the file, if there is one. Goes out: its sources, budgets and currency, and what is wrong with it now.
"""

from pathlib import Path

from outlay.errors import BadConfig
from outlay.schedule.config import Config, read

_NOTHING = Config(())


class Settings:
    """What `outlay.toml` says. A changed file is taken up when it is asked for next; a broken one is not.

    Args:
        place: The file; None for none.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._place = place
        self._last = _NOTHING

    @property
    def is_there(self) -> bool:
        """Return whether there is a file at all."""
        return self._place is not None

    def now(self) -> tuple[Config, str | None]:
        """Return what it says, and what is wrong with the file; then it says what it said when it was last right."""
        if self._place is None:
            return _NOTHING, None
        try:
            self._last = read(self._place)
        except BadConfig as error:
            return self._last, error.message
        return self._last, None
