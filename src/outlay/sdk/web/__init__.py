"""Web: middleware for ASGI and WSGI, which opens the scope that a request's headers tell.

Comes in: requests. Goes out: the same requests, inside a scope; or, where that is asked for, a refusal that says which
header is missing. Frameworks are recognized by what they leave behind, and never imported.
"""
