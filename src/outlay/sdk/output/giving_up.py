"""Giving up: why a request to a receiver ended without an answer."""


class Away(Exception):
    """Nobody is there, it takes too long, or what came is not HTTP."""


class Abandoned(Exception):
    """The program ends, or forks, and the time to wait for an answer is over."""


class Overtaken(Exception):
    """The program ends and another thread has taken over everything: nothing more may be done here."""
