"""Secrets of another system, known by the hashes it kept."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.tokens.foreign import LONGEST, ForeignHashes, key_names

KEY = b"the key of the other system"
BOTH = ForeignHashes(("sha256", "hmac:old"), {"old": KEY})


def exported(secret: bytes) -> tuple[str, str]:
    """Write a secret's hashes as another system exports them."""
    return (
        f"sha256:{hashlib.sha256(secret).hexdigest()}",
        f"hmac:old:{hmac.new(KEY, secret, hashlib.sha256).hexdigest().upper()}",
    )


@given(st.binary(max_size=LONGEST))
def test_hash_that_was_exported_is_found_again_from_the_secret(secret: bytes) -> None:
    assert [BOTH.read(text) for text in exported(secret)] == list(BOTH.materials(secret))


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_different_secrets_are_never_the_same(one: bytes, other: bytes) -> None:
    assert (set(BOTH.materials(one)) & set(BOTH.materials(other)) != set()) == (one == other)


def test_ways_do_not_stand_for_each_other() -> None:
    digest = "a" * 64
    others = ForeignHashes(("hmac:new", "hmac:old", "sha256"), {"new": KEY, "old": KEY})

    assert len({others.read(f"{name}:{digest}") for name in ("sha256", "hmac:new", "hmac:old")}) == 3


def test_nothing_is_known_unless_it_is_switched_on() -> None:
    none = ForeignHashes(())

    assert not none
    assert BOTH
    assert list(none.materials(b"x")) == []
    with pytest.raises(ValueError, match="sha256 is not switched on; add 'sha256' to imported"):
        none.read("sha256:" + "0" * 64)


def test_secret_too_long_to_be_one_costs_nothing() -> None:
    assert list(BOTH.materials(b"x" * (LONGEST + 1))) == []


@pytest.mark.parametrize("text", ["", "sha256", "sha256:", "sha256:" + "0" * 63, "md5:" + "0" * 64, "hmac:" + "0" * 64])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a hash is sha256"):
        BOTH.read(text)


def test_keys_that_are_needed_are_named() -> None:
    assert key_names(("sha256", "hmac:a", "hmac:b.c")) == ["a", "b.c"]
