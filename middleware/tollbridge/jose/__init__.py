"""JWTs: whether one is an access token of an issuer that is trusted, and where that issuer's keys come from."""

from tollbridge.jose.claims import check_times, is_for
from tollbridge.jose.compact import LONGEST_TOKEN, Compact, claimed_issuer, read_compact
from tollbridge.jose.discovery import Fetch, find_jwks_url
from tollbridge.jose.issuerkeys import IssuerKeys
from tollbridge.jose.keys import KeySet, VerifyingKey
from tollbridge.jose.policy import ALGORITHMS, Issuer
from tollbridge.jose.refusal import Reason, TokenRefused
from tollbridge.jose.signing import SigningKey
from tollbridge.jose.strictjson import strict_object
from tollbridge.jose.verifier import Verifier
from tollbridge.jose.verify import Candidate, Claims, read_token, verify

__all__ = [
    "ALGORITHMS",
    "LONGEST_TOKEN",
    "Candidate",
    "Claims",
    "Compact",
    "Fetch",
    "Issuer",
    "IssuerKeys",
    "KeySet",
    "Reason",
    "SigningKey",
    "TokenRefused",
    "Verifier",
    "VerifyingKey",
    "check_times",
    "claimed_issuer",
    "find_jwks_url",
    "is_for",
    "read_compact",
    "read_token",
    "strict_object",
    "verify",
]
