"""Paths of the app's routes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tollbridge.surface import listed_routes, route_template
from tollbridge_routes.app.paths import flaw_of, flaw_of_prefix, head_of, names_of, shown

SEGMENTS = st.lists(
    st.one_of(st.text("abc-.~_", min_size=1, max_size=5).filter(lambda text: text not in (".", "..")), st.just("{}")),
    max_size=5,
)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand behind a route."""


@pytest.mark.parametrize("path", ["", "/", "/orders", "/orders/{id:int}", "/{a}.{b}", "/files/*", "/*", "/f/{p:path}"])
def test_path_as_an_app_writes_it_is_good(path: str) -> None:
    assert flaw_of(path) == ""


@pytest.mark.parametrize(
    ("path", "flaw"),
    [
        ("orders", "begins with '/'"),
        ("/a/{b", "{name}"),
        ("/a/{}", "{name}"),
        ("/a/{1}", "{name}"),
        ("/a/*/b", "at the end alone"),
        ("/a*", "at the end alone"),
        ("/a//b", "'//'"),
        ("/a/../b", "'/../'"),
        ("/a/.", "'/./'"),
        ("/a?b", "visible ASCII"),
        ("/a b", "visible ASCII"),
        ("/a%2fb", "visible ASCII"),
        ("/ä", "visible ASCII"),
        ("/a\n", "visible ASCII"),
        ("/{a}/{a:int}", "twice"),
    ],
)
def test_path_that_no_app_has_is_refused(path: str, flaw: str) -> None:
    assert flaw in flaw_of(path)


def test_prefix_is_a_plain_path() -> None:
    assert [flaw_of_prefix(prefix) for prefix in ("", "/shop", "/shop/v1")] == ["", "", ""]
    assert all("plain path" in flaw_of_prefix(prefix) for prefix in ("/", "/shop/", "/{a}", "/a/*"))
    assert "begins with" in flaw_of_prefix("shop")


def test_description_says_names_alone() -> None:
    assert shown("/a/{b:int}.{c}") == "/a/{b}.{c}"
    assert shown("/a/*") == "/a/{rest}"
    assert names_of("/a/{b:int}/*") == ["b", "rest"]
    assert names_of("/a") == []
    assert (head_of("/a/*"), head_of("/*"), head_of("/a")) == ("/a/", "/", None)


@given(SEGMENTS)
def test_good_path_is_one_that_the_apps_router_tells_again(segments: list[str]) -> None:
    named = [f"{{p{place}}}" if segment == "{}" else segment for place, segment in enumerate(segments)]
    path = "/" + "/".join(named)
    called = "/" + "/".join("x" if segment == "{}" else segment for segment in segments)
    app = Starlette(routes=[Route(path, answer)])

    assert flaw_of(path) == ""
    listed = listed_routes(app)
    assert listed is not None
    assert [each.template for each in listed] == [path]
    scope = {"type": "http", "method": "GET", "path": called, "root_path": "", "headers": []}
    assert route_template(scope, app) == f"GET:{path}"


@given(st.text(max_size=30))
def test_any_text_is_good_or_told_what_is_wrong(text: str) -> None:
    flaw = flaw_of(text)

    assert flaw or text == "" or (text.startswith("/") and text.isascii() and text.isprintable())
    assert shown(text).count("{") <= text.count("{") + 1
