"""What is demanded of the tokens of one issuer, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

KEY_TYPES: Mapping[str, tuple[str, str]] = {
    **{f"{family}{size}": ("RSA", "") for family in ("RS", "PS") for size in (256, 384, 512)},
    **{"ES256": ("EC", "P-256"), "ES384": ("EC", "P-384"), "ES512": ("EC", "P-521")},
    **{"EdDSA": ("OKP", "Ed25519"), "Ed25519": ("OKP", "Ed25519")},
}
"""The algorithms there are, each with the key type and curve it goes with (RFC 7518 section 3.1, RFC 8037, RFC 9864).

None is symmetric: whoever can check such a token could make one.
"""
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""Those that are allowed where nothing else is said."""

MOST_LEEWAY_S = 60.0
ACCESS_TOKEN = "at+jwt"
"""The type of an access token (RFC 9068 section 2.1): an ID token of the same issuer has another, or none."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The rules for one issuer's tokens; raises `ValueError` for rules that cannot be.

    `issuer` and `audience` are compared as they are, character by character. `typ` is compared without case and without
    `application/`; empty, any type will do. `leeway_s` is how far clocks may differ, 60 seconds at most.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ALGORITHMS
    typ: str = ACCESS_TOKEN
    leeway_s: float = 0.0

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience:
            raise ValueError("issuer and audience must not be empty")
        unknown = [name for name in self.algorithms if name not in KEY_TYPES]
        if unknown or not self.algorithms:
            raise ValueError(f"algorithms must be some of {', '.join(KEY_TYPES)}")
        if not 0 <= self.leeway_s <= MOST_LEEWAY_S:
            raise ValueError(f"leeway_s must be 0 to {MOST_LEEWAY_S:g}")


def same_type(one: str, other: str) -> bool:
    """Whether two media types are the same: without case, `application/` may be left out (RFC 7515 section 4.1.9)."""
    return one.lower().removeprefix("application/") == other.lower().removeprefix("application/")
