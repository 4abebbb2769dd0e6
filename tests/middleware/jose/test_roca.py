"""Keys that can be computed from their modulus."""

import json
from math import prod
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.jwts import b64

from tollbridge.jose import KeySet
from tollbridge.jose.compact import decode_base64url
from tollbridge.jose.roca import is_guessable

SMALL = [n for n in range(2, 168) if all(n % m for m in range(2, n))]


def made_as_that_library_did() -> int:
    """Multiply two numbers of its form, k x M + (65537^a mod M); whether they are primes does not show."""
    product = prod(SMALL)
    first, second = (k * product + pow(65_537, a, product) for k, a in ((12_345, 1_001), (54_321, 77)))
    return first * second


def test_modulus_of_that_form_is_guessable_and_its_neighbour_is_not() -> None:
    modulus = made_as_that_library_did()

    assert is_guessable(modulus)
    assert not is_guessable(modulus + 2)


def test_key_of_the_vectors_is_guessable_and_left_out() -> None:
    groups = json.loads(Path(__file__).with_name("wycheproof.json").read_text())["groups"]
    keys = [key for group in groups for key in group["keys"] if key["kty"] == "RSA" and "n" in key]
    guessable = [key for key in keys if is_guessable(int.from_bytes(decode_base64url(key["n"].encode())))]

    assert {key["kid"] for key in guessable} == {"kid-rsa-roca-sign"}
    with pytest.raises(ValueError, match="none of the document's keys"):
        KeySet.parse(json.dumps({"keys": guessable}).encode())


def test_keys_of_today_are_not() -> None:
    for _ in range(3):
        numbers = rsa.generate_private_key(65_537, 2048).public_key().public_numbers()
        assert not is_guessable(numbers.n)
        jwk = {"kty": "RSA", "n": b64(numbers.n.to_bytes(256)).decode(), "e": "AQAB"}
        assert KeySet.parse(json.dumps({"keys": [jwk]}).encode()).keys
