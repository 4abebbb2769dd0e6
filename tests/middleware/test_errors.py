"""The tree of errors, as callers and operators meet it."""

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import errors
from tollbridge.errors import (
    BodyTooLarge,
    BudgetExceeded,
    Denied,
    GatewayError,
    InternalError,
    RateLimited,
    ScopeMissing,
    TollbridgeError,
    Unauthenticated,
    Unavailable,
    UpstreamTruncated,
    without_words,
)

CLASSES = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, TollbridgeError)}


def drawn() -> dict[str, tuple[str, tuple[int, str] | None]]:
    """Read the tree in the module's docstring: the parent of each class, its status and code."""
    found: dict[str, tuple[str, tuple[int, str] | None]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"( {4}[│├└─ ]*)([A-Z]\w+) *(?:(\d{3}) (\w+))?", line)
        if match is None or match[2] not in CLASSES:
            continue
        depth = len(match[1])
        above = [pair for pair in above if pair[0] < depth]
        said = (int(match[3]), match[4]) if match[3] else None
        found[match[2]] = (above[-1][1] if above else "Exception", said)
        above.append((depth, match[2]))
    return found


def test_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    assert {name: parent for name, (parent, _) in drawn().items()} == {
        name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()
    }


def test_statuses_and_codes_in_the_docstring_are_those_of_the_classes() -> None:
    said = {name: pair for name, (_, pair) in drawn().items() if pair is not None}

    assert said == {
        name: (cls.status, cls.code)
        for name, cls in CLASSES.items()
        if issubclass(cls, GatewayError) and cls is not GatewayError
    }


def test_codes_are_told_apart() -> None:
    codes = [cls.code for cls in CLASSES.values() if issubclass(cls, GatewayError) and cls is not GatewayError]

    assert len(codes) == len(set(codes))


def test_error_takes_status_and_code_from_its_class() -> None:
    error = InternalError("a fault of ours", detail="division by zero in prices", param=None)

    assert (error.status, error.code, error.message, str(error)) == (
        500,
        "internal_error",
        "a fault of ours",
        "a fault of ours",
    )
    assert error.detail == "division by zero in prices"
    assert "division" not in str(error)


def test_policy_gives_its_own_code_and_the_class_keeps_its_own() -> None:
    error = Denied("closed", code="curfew", status=451, param="model")

    assert (error.status, error.code, error.param) == (451, "curfew", "model")
    assert (Denied.status, Denied.code) == (403, "denied")


def test_error_that_cannot_heal_by_itself_tells_the_sdk_not_to_retry() -> None:
    assert (b"x-should-retry", b"false") in BodyTooLarge("too large").headers()
    assert (b"x-should-retry", b"false") in BudgetExceeded("spent").headers()
    assert (b"x-should-retry", b"false") in UpstreamTruncated("cut").headers()


def test_error_that_may_heal_leaves_retrying_to_the_sdk() -> None:
    assert Unavailable("out of reach").headers() == []


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, b"0"), (0.2, b"1"), (1.0, b"1"), (59.01, b"60"), (-3.0, b"0")])
def test_retry_after_is_whole_seconds_rounded_up(seconds: float, sent: bytes) -> None:
    assert RateLimited("slow down", retry_after_s=seconds).headers() == [(b"retry-after", sent)]


def test_extra_headers_are_sent_in_lower_case() -> None:
    error = RateLimited("slow down", headers={"RateLimit-Policy": '"minute";q=5'})

    assert error.headers() == [(b"ratelimit-policy", b'"minute";q=5')]


def test_no_token_and_a_wrong_token_get_the_same_words_and_the_challenge() -> None:
    error = Unauthenticated()

    assert error.message == "no valid token was given; send it as 'Authorization: Bearer <token>'"
    assert (b"www-authenticate", b'Bearer realm="tollbridge"') in error.headers()
    assert Unauthenticated("log in").message == "log in"


def test_missing_scope_is_named_to_people_and_to_programs() -> None:
    error = ScopeMissing("model:gpt-4o")

    assert error.scope == "model:gpt-4o"
    assert error.message == "this token lacks the scope 'model:gpt-4o'"
    challenge = b'Bearer realm="tollbridge", error="insufficient_scope", scope="model:gpt-4o"'
    assert (b"www-authenticate", challenge) in error.headers()


@given(st.text())
def test_scope_made_of_anything_cannot_leave_its_quotes_in_the_challenge(name: str) -> None:
    (challenge,) = [value for key, value in ScopeMissing(f"model:{name}").headers() if key == b"www-authenticate"]

    assert re.fullmatch(
        rb'Bearer realm="tollbridge", error="insufficient_scope", scope="[\x21\x23-\x5b\x5d-\x7e]*"', challenge
    )


@given(st.text())
def test_message_of_a_missing_scope_shows_no_control_character(name: str) -> None:
    assert ScopeMissing(f"model:{name}").message.isprintable()


def test_scope_as_long_as_a_body_is_cut_short_in_message_and_header() -> None:
    error = ScopeMissing("model:" + "m" * 1_000_000)

    assert len(error.message) < 400
    assert all(len(value) < 400 for _, value in error.headers())


def test_exception_is_named_by_its_line_and_not_by_its_words() -> None:
    try:
        raise ValueError("the key sk-secret is short")
    except ValueError as exc:
        raised = exc

    assert re.fullmatch(r"ValueError in test_errors\.py, line \d+", without_words(raised))
    assert without_words(KeyError("sk-secret")) == "KeyError"


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (429, "Too Many Requests"),
        (502, "Bad Gateway"),
        (529, "Server Error"),
        (520, "Server Error"),
        (460, "Client Error"),
    ],
)
def test_title_is_the_phrase_of_the_status_and_of_one_nobody_registered_that_of_its_class(
    status: int, title: str
) -> None:
    assert GatewayError("it failed", status=status).title == title
