"""How a token looks, and what is refused before any store is asked."""

import hashlib
import hmac
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.tokens.secret import LENGTHS, PATTERN, PREFIX, TEST_PREFIX, digest, hint, is_well_formed, make_secret

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def crc_digits(text: str) -> str:
    """Write the CRC-32 of a text as six base62 digits, one by one."""
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits


@pytest.fixture(scope="module")
def minted() -> list[str]:
    return [make_secret(test=number % 2 == 1) for number in range(20_000)]


@pytest.mark.untraced
def test_minted_secrets_all_fit_the_published_pattern(minted: list[str]) -> None:
    assert all(re.fullmatch(PATTERN, secret) for secret in minted)
    assert {len(secret) for secret in minted} == LENGTHS


def test_minted_secrets_all_carry_the_right_check_sum(minted: list[str]) -> None:
    assert all(secret[-6:] == crc_digits(secret[:-6]) for secret in minted)
    assert all(is_well_formed(secret.encode()) for secret in minted)


def test_no_secret_is_minted_twice(minted: list[str]) -> None:
    assert len(set(minted)) == len(minted)
    assert len({secret[:-6] for secret in minted}) == len(minted)


def test_every_character_of_the_alphabet_comes_at_every_random_place(minted: list[str]) -> None:
    # 10,000 draws of 62: that one is missing at one of 32 places has a chance of 1,984 x (61/62)^10,000 < 10^-67
    for prefix, secrets in ((PREFIX, minted[::2]), (TEST_PREFIX, minted[1::2])):
        assert all(secret.startswith(prefix) for secret in secrets)
        begin = len(prefix)
        assert all({secret[place] for secret in secrets} == set(BASE62) for place in range(begin, begin + 32))


@pytest.mark.parametrize("test", [False, True])
def test_one_flipped_character_at_any_place_is_refused(test: bool) -> None:
    secret = make_secret(test=test)

    for place in range(len(secret)):
        for other in BASE62 + "_-. \n\0":
            if other != secret[place]:
                flipped = secret[:place] + other + secret[place + 1 :]
                assert not is_well_formed(flipped.encode()), flipped


@given(st.integers(3, 40), st.integers(3, 40))
def test_two_swapped_characters_are_refused(one: int, other: int) -> None:
    signs = list(make_secret())
    before = "".join(signs)
    signs[one], signs[other] = signs[other], signs[one]
    after = "".join(signs)

    assert is_well_formed(after.encode()) == (after == before)


@given(st.binary(max_size=64))
def test_bytes_that_were_not_minted_are_refused(secret: bytes) -> None:
    assert not is_well_formed(secret)


@pytest.mark.parametrize("change", [b"%b\n", b" %b", b"%b%%", b"%b0", b"x%b"])
def test_something_more_around_a_secret_is_refused(change: bytes) -> None:
    assert not is_well_formed(change % make_secret().encode())


def test_secret_cut_short_is_refused() -> None:
    secret = make_secret().encode()

    assert not any(is_well_formed(secret[:length]) for length in range(len(secret)))


def test_stored_form_is_a_keyed_hash() -> None:
    secret, pepper = make_secret().encode(), b"p" * 32

    assert digest(pepper, secret) == hmac.new(pepper, secret, hashlib.sha256).digest()
    assert digest(b"q" * 32, secret) != digest(pepper, secret)


def test_hint_shows_four_characters_and_no_more() -> None:
    live, test = make_secret(), make_secret(test=True)

    assert hint(live) == live[:7] + "…"
    assert hint(test) == test[:12] + "…"
