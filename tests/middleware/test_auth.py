"""How a provider is shown its key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.auth import SCHEMES, Auth, Bearer, Header, NoAuth, check_auth, needs_key, sendable
from tollbridge.errors import ConfigError, PluginError
from tollbridge.options import build


def test_bearer_puts_the_key_into_authorization() -> None:
    auth = Bearer(env="GROQ_API_KEY")

    assert auth.env == ("GROQ_API_KEY",)
    assert auth.headers("gsk-1") == [(b"authorization", b"Bearer gsk-1")]
    assert Bearer(("A", "B")).env == ("A", "B")
    assert Bearer().env == ()


def test_header_puts_the_key_into_its_template() -> None:
    assert Header("X-Api-Key").headers("k") == [(b"x-api-key", b"k")]
    assert Header("authorization", template="Token {key}").headers("k") == [(b"authorization", b"Token k")]
    assert Header("a", template="{key}").headers("{key}") == [(b"a", b"{key}")]


def test_schemes_of_the_core_are_made_of_options_like_a_plugins() -> None:
    made = [
        build(SCHEMES["bearer"], {"env": ["A"]}, "x"),
        build(SCHEMES["header"], {"name": "X-Key", "template": "Token {key}"}, "x"),
        build(SCHEMES["none"], {}, "x"),
    ]

    assert made == [Bearer("A"), Header("X-Key", (), "Token {key}"), NoAuth()]
    with pytest.raises(ConfigError, match=r"^x: unknown option 'template'; known: env$"):
        build(SCHEMES["bearer"], {"template": "{key}"}, "x")


def test_host_without_a_key_gets_no_header() -> None:
    assert NoAuth().headers("k") == []


@given(st.sampled_from([Bearer("A"), Header("x-key", ("A",)), NoAuth()]), st.text(st.characters(codec="ascii")))
def test_every_auth_is_one(auth: Auth, key: str) -> None:
    assert all(key.encode() in value for _, value in auth.headers(key))
    assert isinstance(auth.env, tuple)


def test_scheme_needs_a_key_unless_it_says_otherwise() -> None:
    assert [needs_key(auth) for auth in (Bearer("A"), Header("x"), NoAuth())] == [True, True, False]


class Plain:
    env: Any = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []


class NoNames(Plain):
    env = "KEY"


class NoHeaders:
    env = ()


class SignsAtOnce(Plain):
    def sign(self, key: str, request: object) -> list[tuple[bytes, bytes]]:
        return []


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        (NoNames(), "providers.x: NoNames is no auth scheme: it needs env, a tuple of names, and headers(key)"),
        (NoHeaders(), "providers.x: NoHeaders is no auth scheme: it needs env, a tuple of names, and headers(key)"),
        (SignsAtOnce(), "providers.x: SignsAtOnce.sign must be async def"),
    ],
)
def test_what_is_no_scheme_is_refused_by_name(auth: object, sentence: str) -> None:
    check_auth(Plain(), "providers.x")

    with pytest.raises(PluginError) as refused:
        check_auth(auth, "providers.x")

    assert str(refused.value) == sentence


@pytest.mark.parametrize("headers", [[], ((b"x-key", b"a b\t\xff"),), [(b"authorization", b"")]])
def test_headers_that_can_be_sent(headers: object) -> None:
    assert sendable(headers)


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {b"a": b"b"},
        [b"ab"],
        [(b"a", b"b", b"c")],
        [("a", b"b")],
        [(b"a", "b")],
        [(b"A", b"b")],
        [(b"a b", b"b")],
        [(b"", b"b")],
        [(b"a", b"b\r\nc: d")],
        [(b"a", b"b\n")],
        [(b"a", b"\0")],
        *([(name, b"x")] for name in (b"host", b"connection", b"content-length", b"transfer-encoding")),
        *([(name, b"x")] for name in (b"expect", b"te", b"trailer")),
    ],
)
def test_headers_that_would_break_the_request_are_known(headers: object) -> None:
    assert not sendable(headers)
