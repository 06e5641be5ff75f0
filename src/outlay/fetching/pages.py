"""Pages: one answer after the other, by the token that the last one gave.

Comes in: how to ask for a page. Goes out: every page, or an error that names why there is no end.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from outlay.errors import SourceFailed

Page = TypeVar("Page")
#: No vendor has more; without an end, what is paid by the page would be paid for ever.
MOST = 10_000


def each_page(ask: Callable[[str | None], tuple[Page, str | None]], where: str, *, most: int = MOST) -> Iterator[Page]:
    """Yield pages until one gives no token for the next.

    Args:
        ask: Returns the page for a token (None for the first page), and the token of the page after it.
        where: What is asked, for messages.
        most: How many pages there may be.

    Raises:
        SourceFailed: A token came twice, or the pages have no end. What came before is not the whole: do not use it.

    >>> list(each_page(lambda token: (token or "first", None if token else "second"), "example"))
    ['first', 'second']
    """
    token, seen = None, set[str]()
    for _ in range(most):
        page, token = ask(token)
        yield page
        if not token:
            return
        if token in seen:
            raise SourceFailed(
                f"{where}: the vendor gave the same page token twice, so its pages have no end",
                fix="ask again later; what came before is not the whole and was not taken in",
                code="repeated-page",
            )
        seen.add(token)
    raise SourceFailed(
        f"{where}: there is no end after {most} pages",
        fix="ask for a shorter period or fewer groups",
        code="endless-pages",
    )
