"""Web: the page a person reads, drawn on the server from what the API offers. It works without scripts.

Comes in: a query string, which holds all of the page's state. Goes out: HTML.
"""

from outlay.serve.web.routes import attach

__all__ = ["attach"]
