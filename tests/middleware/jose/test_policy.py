"""The rules of an issuer."""

import pytest

from tollbridge.jose.policy import ALGORITHMS, KEY_TYPES, Issuer


def test_nothing_symmetric_is_there_to_be_allowed() -> None:
    assert set(ALGORITHMS) == {"RS256", "PS256", "ES256", "ES384", "EdDSA"}
    assert {kind for kind, _ in KEY_TYPES.values()} == {"RSA", "EC", "OKP"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"issuer": ""}, "issuer and audience must not be empty"),
        ({"audience": ""}, "issuer and audience must not be empty"),
        ({"algorithms": ()}, "algorithms must be some of RS256"),
        ({"algorithms": ("none",)}, "algorithms must be some of RS256"),
        ({"algorithms": ("RS256", "HS256")}, "algorithms must be some of RS256"),
        ({"leeway_s": 60.5}, "leeway_s must be 0 to 60"),
        ({"leeway_s": -1.0}, "leeway_s must be 0 to 60"),
        ({"leeway_s": float("nan")}, "leeway_s must be 0 to 60"),
    ],
)
def test_rules_that_cannot_be_are_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Issuer(**{"issuer": "a", "audience": "b", **changes})  # type: ignore[arg-type]  # what is wrong is the point
