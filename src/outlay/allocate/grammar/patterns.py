"""Patterns that a file may write: regular expressions that cannot run away.

Comes in: the text of a regular expression. Goes out: a compiled one, or an error that says what to write instead.

A repetition within a repetition, or a choice within one, may take time that doubles with every character; such
patterns are refused before they meet a bill. What is left takes a power of the text's length, so only so much of a text
is looked at.
"""

import re
from dataclasses import dataclass

from outlay.errors import BadConfig

#: How much of a value a pattern looks at.
LONGEST = 512
#: How many repetitions without a narrow bound a pattern may have; one less where it may begin anywhere in the text.
_MOST_OPEN = 3
_FEW = 9
_REPEAT = re.compile(r"([*+?]|\{\d*,?\d*\})([?+]?)")


def compiled(text: object, where: str) -> re.Pattern[str]:
    r"""Return a pattern.

    Raises:
        BadConfig: It cannot be compiled, or could take for ever.

    >>> compiled(r"^team-(\w+)$", "here").fullmatch("team-growth")[1]
    'growth'
    """
    try:
        found = re.compile(str(text))
    except (re.error, OverflowError, RecursionError) as error:
        raise BadConfig(
            f"{where}: regex {text!r} cannot be compiled: {error}", fix="mend it; write it in '...' so \\ stays"
        ) from error
    if flaw := _Walk(str(text)).flaw():
        raise BadConfig(
            f"{where}: regex {text!r} {flaw}, so it may take for ever",
            fix="begin it with ^, and repeat nothing that holds a repetition or a choice; or use several cases",
        )
    return found


@dataclass(slots=True)
class _Walk:
    """One walk along a pattern, which knows of each open group whether what it matches may vary in length."""

    text: str

    def flaw(self) -> str:
        """Return what makes the pattern dangerous; the empty text for nothing."""
        varies, last, open_ended, place = [False], False, 0, 0
        while place < len(self.text):
            sign = self.text[place]
            if sign == "\\":
                if self.text[place + 1 : place + 2].isdigit() and self.text[place + 1] != "0":
                    return "refers back to a group"
                place, last = place + 2, False
            elif sign == "[":
                place, last = self._after_class(place), False
            elif sign == "(":
                if self.text.startswith(("(?P=", "(?("), place):
                    return "refers back to a group"
                varies.append(False)
                place = self._after_opening(place)
            elif sign == ")":
                last = varies.pop()
                varies[-1] |= last
                place += 1
            elif found := _REPEAT.match(self.text, place):
                least, most = _times(found[1])
                if last and most != 1:
                    return "repeats what varies itself"
                varies[-1] |= least != most
                open_ended += most is None or most - least > _FEW
                place, last = found.end(), False
            else:
                varies[-1] |= sign == "|"
                place, last = place + 1, False
        begins_anywhere = not self.text.startswith(("^", "\\A")) or (varies[0] and "|" in self.text)
        most_open = _MOST_OPEN - begins_anywhere
        return f"has more than {most_open} open repetitions" if open_ended > most_open else ""

    def _after_class(self, place: int) -> int:
        place += 2 if self.text.startswith("[^", place) else 1
        place += self.text.startswith("]", place)
        while place < len(self.text) and self.text[place] != "]":
            place += 2 if self.text[place] == "\\" else 1
        return place + 1

    def _after_opening(self, place: int) -> int:
        found = re.compile(r"\((\?(P<\w+>|<?[=!]|[:>]|[a-zA-Z-]+:?))?").match(self.text, place)
        return found.end() if found else place + 1


def _times(repeat: str) -> tuple[int, int | None]:
    """Return how often at least and at most; None for without end."""
    if repeat in "*+?":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[repeat]
    least, comma, most = repeat[1:-1].partition(",")
    if not least and not most:
        return 1, 1  # `{}` and `{,}` are text, not repetitions
    return int(least or 0), int(most) if most else (None if comma else int(least or 0))
