"""Signed contexts: what a browser hands on and cannot make."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import outlay
from outlay.errors import BadConfig, BadInput
from outlay.sdk.headers.signed import checked, claims

NOW = 1_790_000_000
OLD, NEW = {"2026-09": "old" * 11}, {"2026-10": b"new" * 11}
TOKEN = outlay.sign_context(NEW, now_s=NOW, customer="acme", user="u-1", plan="pro")


def believed(
    token: str, keys: Mapping[str, str | bytes] | None = None, at: int = NOW
) -> tuple[dict[str, str], str | None]:
    """Return what is believed of a text at an instant."""
    return claims(token, checked(keys or NEW), now_s=at)


def test_what_was_signed_is_believed_until_it_expires() -> None:
    """A context holds from when it was issued, give or take a minute between clocks, up to and without its end."""
    said = {"customer": "acme", "user": "u-1", "plan": "pro"}
    assert believed(TOKEN) == (said, None)
    assert believed(TOKEN, at=NOW + 3599) == (said, None)
    assert believed(TOKEN, at=NOW + 3600) == ({}, "expired")
    assert believed(TOKEN, at=NOW - 60) == (said, None)
    assert believed(TOKEN, at=NOW - 61) == ({}, "not-yet")
    short = outlay.sign_context(NEW, now_s=NOW, lifetime_s=5, customer="acme")
    assert believed(short, at=NOW + 5) == ({}, "expired")


def test_keys_are_rotated_without_a_gap() -> None:
    """The first key signs, all are believed, and what an absent one signed is not."""
    before = outlay.sign_context(OLD, now_s=NOW, customer="acme")
    during = outlay.sign_context({**NEW, **OLD}, now_s=NOW, customer="acme")
    assert before.split(".")[1] == "2026-09"
    assert during.split(".")[1] == "2026-10"
    for token in (before, during):
        assert believed(token, {**NEW, **OLD}) == ({"customer": "acme"}, None)
    assert believed(before, NEW) == ({}, "unknown-key")
    assert believed(before.replace("2026-09", "2026-10"), {**NEW, **OLD}) == ({}, "forged")


def test_no_part_can_be_changed() -> None:
    """Another customer, a later end, another key or no signature: each change is found."""
    version, key, issued, expires, body, mac = TOKEN.split(".")
    other = urlsafe_b64encode(json.dumps({"customer": "beta"}).encode()).rstrip(b"=").decode()
    for changed, doubt in [
        ((version, key, issued, expires, other, mac), "forged"),
        ((version, key, issued, "9999999999", body, mac), "forged"),
        ((version, key, "0", expires, body, mac), "forged"),
        ((version, key, issued, expires, body + "=", mac), "forged"),
        ((version, key, issued, expires, body, ""), "forged"),
        ((version, key, issued, expires, body, mac[:-1]), "forged"),
        ((version, "nobody", issued, expires, body, mac), "unknown-key"),
        (("v2", key, issued, expires, body, mac), "malformed"),
        ((version, key, "-1", expires, body, mac), "malformed"),
        ((version, key, "1e9", expires, body, mac), "malformed"),
        ((version, key, issued, expires + "\n", body, mac), "malformed"),
        ((version, key, issued, expires, body, mac, ""), "malformed"),
        ((version, key, issued, expires, body), "malformed"),
        (("",), "malformed"),
    ]:
        assert believed(".".join(changed)) == ({}, doubt)
    for position in range(len(TOKEN)):
        changed_text = TOKEN[:position] + ("A" if TOKEN[position] != "A" else "B") + TOKEN[position + 1 :]
        assert believed(changed_text)[0] == {}


def test_what_a_key_signed_in_another_form_is_still_held_to_the_limits() -> None:
    """A service of one's own that signs badly cannot say fields of the event, or what is no text."""
    mine = outlay.sign_context(NEW, now_s=NOW, customer="acme")
    body = json.loads(urlsafe_b64decode(mine.split(".")[4] + "=="))
    assert body == {"customer": "acme"}
    from outlay.sdk.headers.signed import _mac, _text  # noqa: PLC0415 - to sign what sign_context refuses

    for found, expected in [
        ({"customer": "acme", "state": "refused", "user": "two words"}, ({"customer": "acme"}, None)),
        ({"customer": {"a": 1}, "team": None}, ({}, None)),
        (["customer"], ({}, "malformed")),
    ]:
        head = f"v1.2026-10.{NOW}.{NOW + 60}.{_text(json.dumps(found).encode())}"
        assert believed(f"{head}.{_mac(bytes(NEW['2026-10']), head)}") == expected


@pytest.mark.parametrize("keys", [{}, {"k": "short"}, {"a.b": "x" * 32}, {"": "x" * 32}])
def test_keys_that_protect_nothing_are_refused(keys: dict[str, str]) -> None:
    """No key, a short one, or one whose id could not be read back: said at once, with how to make one."""
    with pytest.raises(BadConfig) as refused:
        outlay.sign_context(keys, customer="acme")
    assert refused.value.fix


@pytest.mark.parametrize("said", [{"customer": "two words"}, {"state": "refused"}, {"customer": ""}, {"Plan!": "x"}])
def test_what_cannot_travel_is_not_signed(said: dict[str, str]) -> None:
    """A name or value that no server would believe is refused where it can still be mended."""
    with pytest.raises(BadInput, match="cannot say"):
        outlay.sign_context(NEW, **said)  # type: ignore[arg-type] # free names
    with pytest.raises(BadInput, match="0 seconds"):
        outlay.sign_context(NEW, lifetime_s=0, customer="acme")


_PIECE = st.sampled_from(TOKEN.split(".")) | st.text(max_size=20) | st.integers().map(str)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.text(max_size=200) | st.lists(_PIECE, max_size=8).map(".".join) | st.text("v1.=-_Aa09\u0661\n", max_size=80))
def test_only_what_was_signed_is_ever_believed(text: str) -> None:
    """No text makes the reader fail, and none but the one that was signed says anything."""
    found, doubt = believed(text)
    assert (found == {}) == (text != TOKEN)
    assert (doubt is None) == (text == TOKEN)


def test_a_long_text_is_not_even_taken_apart() -> None:
    """Four thousand characters are more than any context needs."""
    assert believed(TOKEN + "A" * 4096) == ({}, "malformed")
