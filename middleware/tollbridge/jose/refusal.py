"""Why a token is not accepted: a word for the log, never anything of the token."""

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with a token, in the order it is looked at."""

    TOO_LONG = "too_long"
    NO_JWT = "no_jwt"
    ENCRYPTED = "encrypted"
    BAD_HEADER = "bad_header"
    CRITICAL = "critical_extension"
    ALGORITHM = "algorithm_not_allowed"
    TYPE = "wrong_type"
    BAD_CLAIMS = "bad_claims"
    ISSUER = "wrong_issuer"
    AUDIENCE = "wrong_audience"
    TIME = "bad_time"
    EXPIRED = "expired"
    TOO_EARLY = "not_valid_yet"
    SUBJECT = "bad_subject"
    BOUND = "bound_to_a_key"
    UNKNOWN_KEY = "unknown_key"
    AMBIGUOUS_KEY = "ambiguous_key"
    SIGNATURE = "bad_signature"


class TokenRefused(Exception):
    """A token is not accepted; `reason` is for the log, the caller learns nothing of it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
