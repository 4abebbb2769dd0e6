"""What a caller shows."""

import pytest

from tollbridge.call import open_call
from tollbridge.testing import FixedClock
from tollbridge_jwt.showing import refused, shown


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], b""),
        ([(b"authorization", b"Bearer a.b.c")], b"a.b.c"),
        ([(b"authorization", b"BEARER   a.b.c ")], b"a.b.c"),
        ([(b"authorization", b"Bearer")], b""),
        ([(b"authorization", b"Bearer ")], b""),
        ([(b"authorization", b"Basic dTpw")], b""),
        ([(b"authorization", b"a.b.c")], b""),
        ([(b"authorization", b"Basic dTpw"), (b"x-api-key", b" k ")], b"k"),
        ([(b"authorization", b"Bearer "), (b"x-goog-api-key", b"k")], b"k"),
        ([(b"cookie", b"a.b.c"), (b"x-auth", b"a.b.c")], b""),
    ],
)
def test_bearer_is_found_in_the_headers_of_credentials_alone(headers, expected) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}

    assert shown(open_call(scope, FixedClock())) == expected


def test_refusal_says_the_same_whatever_was_wrong_and_is_no_reason_to_try_again() -> None:
    one, other = refused("the issuer 'corp'", "expired"), refused("the issuer 'corp'", "bad_signature")

    assert (str(one), one.headers()) == (str(other), other.headers())
    assert (one.status, one.code) == (401, "invalid_api_key")
    assert (b"x-should-retry", b"false") in one.headers()
