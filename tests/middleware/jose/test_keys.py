"""Which keys of a JWKS document are used."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey, RSAKey
from tests.support.jwts import b64, jwks, signer

from tollbridge.jose.keys import LONGEST_DOCUMENT, MOST_KEYS, KeySet
from tollbridge.jose.policy import KEY_TYPES
from tollbridge.jose.refusal import TokenRefused

RSA = signer().public()
EC = signer("ES256").public()
ED = signer("EdDSA").public()
EVERY_RSA = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}


def algorithms(jwk: dict[str, Any]) -> set[str]:
    """Give what one key may check; it stands beside another, for a document without any is refused."""
    parsed = KeySet.parse(jwks(signer("ES512", "beside"), jwk))
    return set().union(*(key.algorithms for key in parsed.keys if key.kid != "beside"))


@pytest.mark.parametrize(
    ("jwk", "expected"),
    [
        (RSA, {"RS256"}),
        (signer().public(alg=None), EVERY_RSA),
        (signer().public(alg=None, use=None, key_ops=["verify", "sign"]), EVERY_RSA),
        (EC, {"ES256"}),
        (signer("ES384").public(alg=None), {"ES384"}),
        (signer("EdDSA").public(alg=None), {"EdDSA", "Ed25519"}),
        (ED, {"EdDSA"}),
        ({**RSA, "x5c": ["no certificate"], "x5u": 7, "more": {}}, {"RS256"}),
    ],
)
def test_key_checks_what_its_type_and_its_own_word_allow(jwk: dict[str, Any], expected: set[str]) -> None:
    assert algorithms(jwk) == expected


def rsa(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    """Make up an RSA key of so many bits: it is no product of primes, which nobody looks at."""
    number = (1 << bits - 1) + 1
    return {**RSA, "n": b64(number.to_bytes((bits + 7) // 8)).decode(), "e": b64(exponent.to_bytes(8)).decode()}


UNFIT: dict[str, Any] = {
    "for encryption": {**RSA, "use": "enc"},
    "for another operation": {**RSA, "key_ops": ["encrypt"]},
    "for operations that are no list": {**RSA, "key_ops": "verify"},
    "for another algorithm": {**RSA, "alg": "RSA-OAEP"},
    "for the algorithm of another type": {**RSA, "alg": "ES256"},
    "for the algorithm of another curve": {**EC, "alg": "ES384"},
    "for an algorithm that is no text": {**RSA, "alg": ["RS256"]},
    "symmetric": OctKey.generate_key(256).as_dict(kid="k1", alg="HS256"),
    "symmetric, as if for RSA": {"kty": "oct", "k": "AAAA", "alg": "RS256"},
    "private": {**signer().key.as_dict(private=True), "kid": "k1"},
    "private, of a curve": {**signer("ES256").key.as_dict(private=True), "kid": "k1"},
    "weak": rsa(2047),
    "endless": rsa(8193),
    "with a small exponent": rsa(2048, 3),
    "with an even exponent": rsa(2048, 65_538),
    "with a long exponent": rsa(2048, 2**32 + 1),
    "with a modulus too long to look at": {**RSA, "n": "A" * 1401},
    "with a modulus that is padded": {**RSA, "n": RSA["n"] + "=="},
    "without a modulus": {name: value for name, value in RSA.items() if name != "n"},
    "with a modulus that is a number": {**RSA, "n": 5},
    "off its curve": {**EC, "y": EC["x"]},
    "at infinity": {**EC, "x": "AA", "y": "AA"},
    "of an unknown curve": {**EC, "crv": "secp256k1", "alg": "ES256K"},
    "of a curve that is no text": {**EC, "crv": ["P-256"]},
    "of a curve for agreement": {"kty": "OKP", "crv": "X25519", "x": ED["x"]},
    "of another Edwards curve": {"kty": "OKP", "crv": "Ed448", "x": ED["x"], "alg": "EdDSA"},
    "too short": {**ED, "x": "AAAA"},
    "of an unknown type": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
    "of no type": {"kid": "k1"},
    "of a type that is a list": {**RSA, "kty": ["RSA"]},
    "with a name that is a number": {**RSA, "kid": 1},
    "with an empty name": {**RSA, "kid": ""},
    "with a long name": {**RSA, "kid": "k" * 257},
    "no object": "RSA",
}


@pytest.mark.parametrize("name", UNFIT)
def test_key_that_does_not_fit_is_left_out_and_the_others_stay(name: str) -> None:
    assert algorithms(UNFIT[name]) == set()


@pytest.mark.parametrize("bits", [2048, 8192])
def test_rsa_key_of_a_good_size_is_used(bits: int) -> None:
    assert algorithms(rsa(bits)) == {"RS256"}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (b"", "Expecting value"),
        (b"[]", "no JSON object"),
        (b"{}", "must have a list 'keys'"),
        (b'{"keys":{}}', "must have a list 'keys'"),
        (b'{"keys":[],"keys":[]}', "twice"),
        (b'{"keys":[]}', "none of the document's keys"),
        (jwks(UNFIT["weak"], UNFIT["symmetric"]), "none of the document's keys"),
        (jwks(*[RSA] * (MOST_KEYS + 1)), f"at most {MOST_KEYS}"),
        (jwks(RSA) + b" " * LONGEST_DOCUMENT, "over 262144 bytes"),
    ],
)
def test_document_that_cannot_be_used_is_refused(document: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        KeySet.parse(document)


def test_document_of_the_most_keys_is_read() -> None:
    assert len(KeySet.parse(jwks(*({**RSA, "kid": str(n)} for n in range(MOST_KEYS)))).keys) == MOST_KEYS


def test_key_is_found_by_name_and_algorithm() -> None:
    known = KeySet.parse(jwks(signer(), signer("ES256"), signer(kid="k2")))

    assert known.find("RS256", "k2") is known.keys[2]
    assert known.find("ES256", "k1") is known.find("ES256", None) is known.keys[1]
    assert known.find("ES256", "k2") is known.find("EdDSA", None) is known.find("RS256", "") is None
    with pytest.raises(TokenRefused, match="ambiguous_key"):
        known.find("RS256", None)


def test_key_checks_no_other_algorithm_than_its_own() -> None:
    (key,) = KeySet.parse(jwks(signer())).keys
    by_the_same = type(signer())("RS512", "k1", signer().key)

    assert key.verifies("RS256", b"x", signer().sign(b"x"))
    assert not key.verifies("RS512", b"x", by_the_same.sign(b"x"))


def test_key_shows_nothing_of_itself() -> None:
    (key,) = KeySet.parse(jwks(signer())).keys

    assert isinstance(key.native, RSAKey)
    assert RSA["n"][:12] not in repr(key)


_MEMBER = st.none() | st.integers(-9, 9) | st.text(max_size=6) | st.lists(st.text(max_size=3), max_size=2)
_NAMES = st.sampled_from(("kty", "crv", "n", "e", "x", "y", "use", "alg", "kid", "key_ops"))


@given(st.sampled_from((RSA, EC, ED)), st.dictionaries(_NAMES, _MEMBER, max_size=3))
def test_no_key_raises_anything(jwk: dict[str, Any], changes: dict[str, Any]) -> None:
    assert algorithms({**jwk, **changes}) <= KEY_TYPES.keys()


@given(st.binary(max_size=80) | st.recursive(_MEMBER, st.lists).map(lambda keys: json.dumps({"keys": keys}).encode()))
def test_no_document_raises_anything_but_a_value_error(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        KeySet.parse(document)
