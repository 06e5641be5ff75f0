import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.listed import PARSERS
from tests.fuzz.mutating import Edit, mutated
from tests.fuzz.once import ONCE
from tests.fuzz.parser import Parser

_NUMBER = st.integers(0, 1 << 16)
_EDITS = st.lists(st.builds(Edit, _NUMBER, _NUMBER, _NUMBER, _NUMBER), max_size=4)


@pytest.mark.parametrize("parser", PARSERS.values(), ids=list(PARSERS))
def test_a_parser_keeps_its_word_whatever_it_reads(parser: Parser) -> None:
    """Ordinary inputs, and such as are cut, mixed and filled with odd values: none raises but what is promised."""
    seeds = list(parser.seeds())

    @settings(
        max_examples=parser.examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @example(body=b"")
    @given(body=st.builds(mutated, st.sampled_from(seeds), _EDITS, st.just(seeds)) | st.binary(max_size=40))
    def check(body: bytes) -> None:
        parser.check(body)

    for seed in seeds:
        parser.check(seed)
    check()


@pytest.mark.parametrize("name", ONCE)
def test_what_once_broke_a_parser_does_not_any_more(name: str) -> None:
    """Every input that was found by a search is looked at again."""
    for body in ONCE[name]:
        PARSERS[name].check(body)
