"""Every parser of the repository, by name: what reads bytes that others wrote has its entry here."""

from tests.fuzz import billing, collecting, configuring, hosting, importing
from tests.fuzz.parser import Parser

PARSERS: dict[str, Parser] = {
    parser.name: parser for room in (billing, collecting, hosting, importing, configuring) for parser in room.PARSERS
}
