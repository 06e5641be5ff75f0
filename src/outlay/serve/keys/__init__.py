"""Keys: who may send, read and administer; what all that a key sends is bound to, and how much that may be.

Comes in: a decision about a key, or a request with one. Goes out: the key's text, once; or what the request may do.
"""

from outlay.serve.keys.key import SCOPES, Key, made, revoked, rotated
from outlay.serve.keys.ring import Ring, TooFast

__all__ = ["SCOPES", "Key", "Ring", "TooFast", "made", "revoked", "rotated"]
