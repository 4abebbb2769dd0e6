"""Cutting a token without a key."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.jwts import ISSUER, b64, claims, header, signed, token

from tollbridge.jose.compact import LONGEST_TOKEN, claimed_issuer, decode_base64url, read_compact
from tollbridge.jose.refusal import Reason, TokenRefused


def test_token_is_cut_into_what_was_signed_and_its_signature() -> None:
    shown = token()

    found = read_compact(shown)

    head, body, signature = shown.split(b".")
    assert (found.header, found.claims) == (header(), claims())
    assert (found.signed, b64(found.signature)) == (head + b"." + body, signature)
    assert "alice" not in repr(found)


def test_token_of_the_greatest_length_is_read_and_one_byte_more_is_not() -> None:
    short = len(signed({"alg": "x"}, b'{"a":""}'))
    longest = signed({"alg": "x"}, b'{"a":"%b"}' % (b"a" * ((LONGEST_TOKEN - short) * 3 // 4)))

    assert LONGEST_TOKEN - 3 <= len(longest) <= LONGEST_TOKEN
    assert read_compact(longest).header == {"alg": "x"}
    with pytest.raises(TokenRefused) as caught:
        read_compact(longest + b"A" * (LONGEST_TOKEN + 1 - len(longest)))
    assert caught.value.reason is Reason.TOO_LONG


@pytest.mark.parametrize(
    ("shown", "issuer"),
    [
        (token(), ISSUER),
        (b"!." + b64(claims()) + b".", ISSUER),
        (token(iss=1), None),
        (token(iss=None), None),
        (signed(header(), b'{"iss":"a","iss":"a"}'), None),
        (b"sk-opaque", None),
        (b"a.b", None),
        (b"a." + b64(claims()) + b".b.c.d", None),
        (token(a="x" * LONGEST_TOKEN), None),
    ],
)
def test_claimed_issuer_is_told_without_a_look_at_the_rest(shown: bytes, issuer: str | None) -> None:
    assert claimed_issuer(shown) == issuer


@given(st.binary(min_size=1, max_size=50))
def test_every_text_has_one_spelling(text: bytes) -> None:
    spelt = base64.urlsafe_b64encode(text)

    assert decode_base64url(spelt.rstrip(b"=")) == text
    for other in (spelt + b"=", spelt.rstrip(b"=") + b"\n", b" " + spelt.rstrip(b"="), spelt.rstrip(b"=") + b"=="):
        with pytest.raises(ValueError, match="base64url"):
            decode_base64url(other)


@pytest.mark.parametrize("text", [b"", b"A", b"AAAAA", b"AB", b"AAB", b"A+A/", b"AA.A", "é".encode(), b"AA=="])
def test_what_is_no_base64url_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_base64url(text)
