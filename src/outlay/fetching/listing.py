"""A vendor's list over HTTP, page by page, each page kept.

Comes in: what to list. Goes out: the documents of all pages, in order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from outlay.errors import SourceFailed, Unreadable
from outlay.fetching.kept import Kept
from outlay.fetching.pages import each_page
from outlay.fetching.reading import Part, document
from outlay.fetching.web import Api, Params


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists of one vendor whose pages say `has_more` and `next_page`.

    Args:
        api: Whom to ask.
        kept: Pages fetched before.
    """

    api: Api
    kept: Kept

    def pages(
        self, path: str, params: Params, *, settled_on: date, headers: Mapping[str, str] | None = None
    ) -> Iterator[Part]:
        """Yield the pages of a list.

        Args:
            path: Below the address.
            params: Of the query, without a page token.
            settled_on: From this day on, by both clocks, a page can no longer change and is kept for good.
            headers: Further ones.

        Raises:
            SourceFailed: The vendor refuses, its pages have no end, or an answer is none.
        """
        where = f"{self.api.name} {path}"

        def page(token: str | None) -> tuple[Part, str | None]:
            full = [*params, *([("page", token)] if token else [])]
            request: dict[str, object] = {"base": self.api.base, "path": path, "params": [list(pair) for pair in full]}
            body = self.kept.find(request)
            if body is None:
                body = self.api.get(path, full, headers)
                following(document(body, where))  # only what can be read is worth keeping
                self.kept.keep(request, body, settled=self.api.clock.settled_by.date() >= settled_on)
            found = document(body, where)
            return found, following(found)

        yield from each_page(page, where)


def named(api: Api, path: str, after_param: str) -> dict[str, Part]:
    """Return what a vendor lists with an `id` each, a hundred at a time; nothing where this key may not list it.

    Args:
        api: Whom to ask.
        path: Below the address. Names are a comfort: costs do not need them.
        after_param: What the vendor calls the id after which the next page begins.

    Raises:
        SourceFailed: The vendor cannot be reached, or does not take the key.
    """
    found: dict[str, Part] = {}
    after: str | None = None
    try:
        while True:
            params = [("limit", "100"), ("include_archived", "true"), *([(after_param, after)] if after else [])]
            page = document(api.get(path, params), f"{api.name} {path}")
            found |= {ident: part for part in page.parts("data") if (ident := part.text("id"))}
            last = page.text("last_id")
            if not page.flag("has_more") or not last or last == after:
                return found
            after = last
    except SourceFailed as error:
        if error.code in ("not-found", "not-allowed", "vendor-refused", "not-as-documented", "not-json"):
            return {}
        raise


def following(page: Part) -> str | None:
    """Return the token of the page after this one; None when it is the last.

    Raises:
        Unreadable: There is more, and no token to get it with.
    """
    token = page.text("next_page")
    if page.flag("has_more") is False:
        return None
    if page.flag("has_more") and not token:
        raise Unreadable(
            f"{page.where}: there are more pages, but no token for the next",
            fix="ask again; what came is not the whole and was not taken in",
            code="broken-paging",
        )
    return token
