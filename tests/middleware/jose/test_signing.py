"""Keys that sign JWTs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.jose import Issuer, KeySet, SigningKey, TokenRefused, verify
from tollbridge.jose.policy import KEY_TYPES

CLAIMS: dict[str, Any] = {"iss": "https://gw.example", "aud": "shop", "sub": "ada", "iat": 1000, "exp": 1060}
KEYS = {algorithm: SigningKey.make(f"key_{algorithm}", algorithm) for algorithm in KEY_TYPES}


def rules(algorithm: str) -> Issuer:
    return Issuer("https://gw.example", "shop", (algorithm,), "identity+jwt")


def published(*keys: SigningKey) -> KeySet:
    return KeySet.parse(json.dumps({"keys": [key.public() for key in keys]}).encode())


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_what_a_key_signs_its_public_half_verifies(algorithm: str) -> None:
    token = KEYS[algorithm].sign(CLAIMS, "identity+jwt").encode()

    assert verify(token, rules(algorithm), published(KEYS[algorithm]), 1000.0) == CLAIMS


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_key_comes_back_from_what_is_sealed_of_it(algorithm: str) -> None:
    key = KEYS[algorithm]

    again = SigningKey.read(key.kid, algorithm, key.private())

    assert again.public() == key.public()
    token = again.sign(CLAIMS, "identity+jwt").encode()
    assert verify(token, rules(algorithm), published(key), 1000.0) == CLAIMS


@pytest.mark.parametrize("algorithm", KEY_TYPES)
def test_public_half_holds_nothing_private(algorithm: str) -> None:
    assert {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}.isdisjoint(KEYS[algorithm].public())
    assert KEYS[algorithm].private().decode()[20:60] not in repr(KEYS[algorithm])


def test_what_another_key_signed_is_refused() -> None:
    token = SigningKey.make("key_ES256", "ES256").sign(CLAIMS, "identity+jwt").encode()

    with pytest.raises(TokenRefused):
        verify(token, rules("ES256"), published(KEYS["ES256"]), 1000.0)


def test_algorithm_that_nobody_could_check_is_refused() -> None:
    for algorithm in ("none", "HS256", ""):
        with pytest.raises(ValueError, match="is none of"):
            SigningKey.make("k", algorithm)


@given(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.booleans() | st.text(max_size=20) | st.integers(-9, 9), max_size=4
    )
)
def test_any_claims_come_across_as_they_are(more: dict[str, Any]) -> None:
    claims = {**more, **CLAIMS}
    token = KEYS["EdDSA"].sign(claims, "identity+jwt").encode()

    try:
        found = verify(token, rules("EdDSA"), published(KEYS["EdDSA"]), 1000.0)
    except TokenRefused:
        assert {"nbf", "cnf"} & more.keys()
    else:
        assert found == claims
