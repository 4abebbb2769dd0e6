"""Who listens to the log of the whole run hears secrets, and nothing else."""

import logging

import pytest
import structlog
from structlog.testing import capture_logs
from tests.support.eavesdropping import KEY, Ears, ears, secrets_in

from tollbridge.logs import hide
from tollbridge.tokens.secret import make_secret


def test_tokens_jwts_and_what_is_hidden_are_secrets_and_what_looks_like_them_is_not() -> None:
    token, hidden = make_secret(), f"hidden-{make_secret()[3:]}"
    jwt = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0xyz.c2lnbmF0dXJlLi4u"
    hide(hidden)

    assert secrets_in(f"a {token} b") == [token]
    assert secrets_in(f"a {jwt} b") == [jwt]
    assert secrets_in(f"a {hidden} b") == [hidden]
    assert secrets_in(f"Bearer {KEY}") == [KEY]
    assert secrets_in("tb_" + "0" * 38 + " eyJhbGciOiJFUzI1NiJ9 tok_01a21eef9b025027e130b2b76ed1") == []


@pytest.mark.says_secrets
def test_events_and_records_are_heard_however_they_are_captured_and_those_below_a_floor_are_not() -> None:
    token = make_secret()
    before = len(ears.heard)

    structlog.get_logger("tollbridge").info("said", token=token)
    with capture_logs():
        structlog.get_logger("tollbridge").info("captured", token=token)
    logging.getLogger("somebody").debug("shown %s", token)
    logging.getLogger("authlib.oauth2").debug("live %s", token)

    assert [
        next(word for word in ("said", "captured", "shown", "live") if word in line) for line in ears.heard[before:]
    ] == [
        "said",
        "captured",
        "shown",
    ]


def test_ears_keep_only_lines_with_secrets() -> None:
    own = Ears()

    own.listen("nothing")
    own.listen(make_secret())

    assert (own.count, len(own.heard)) == (2, 1)
