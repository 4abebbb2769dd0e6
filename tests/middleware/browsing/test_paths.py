"""Where a page leads on to: only ever to pages of this gateway (T15)."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from tollbridge.browsing.paths import sign_in_path, way_back

HOME = "/_tollbridge/"
GOOD = (
    "/_tollbridge/",
    "/_tollbridge",
    "/_tollbridge/tokens",
    "/_tollbridge/tokens/",
    "/_tollbridge/tokens?q=a&state=active",
    "/_tollbridge/tokens/tok_019ab3/revoke",
    "/_tollbridge/oauth/authorize?client_id=a.b&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1&scope=ai:chat%20a",
    "/_tollbridge/tokens?",
)
BAD = (
    *(
        "",
        "/",
        "//",
        "///",
        "/tokens",
        "tokens",
        "/_tollbridgex",
        "/_tollbridgex/tokens",
        "/_Tollbridge/",
        "/app/users",
    ),
    *(
        "//evil.example",
        "///evil.example",
        "////evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
    ),
    *("https://evil.example", "http:evil.example", "https:/evil.example", "HTTPS://evil.example/_tollbridge/"),
    *("https://gw.example/_tollbridge/", "//gw.example/_tollbridge/", "//user@gw.example/_tollbridge/"),
    *("javascript:alert(1)", "data:text/html,x", "mailto:a@evil.example", " /_tollbridge/", "\t/_tollbridge/"),
    *("/_tollbridge//evil.example", "/_tollbridge//", "/_tollbridge///x", "/_tollbridge/\\evil.example"),
    *(
        "/_tollbridge/..",
        "/_tollbridge/../",
        "/_tollbridge/../app",
        "/_tollbridge/./x",
        "/_tollbridge/tokens/../../app",
    ),
    *("/_tollbridge/%2e%2e/app", "/_tollbridge/%2E%2E/app", "/_tollbridge/..%2fapp", "/_tollbridge/%2f%2fevil.example"),
    *("/_tollbridge/%5cevil.example", "/_tollbridge/%00", "/_tollbridge/%0d%0aLocation:%20//evil.example"),
    *("/_tollbridge/\r\nLocation: //evil.example", "/_tollbridge/\n", "/_tollbridge/\0", "/_tollbridge/\x7f"),
    *(
        "/_tollbridge/tokens#x",
        "/_tollbridge/tokens;x=1",
        "/_tollbridge/@evil.example",
        "/_tollbridge:80/",
        "/_tollbridge@x",
    ),
    *("/_tollbridge/tökens", "/_tollbridge/tokens\u2028", "/_tollbridge/\uff0e\uff0e/app", "/_tollbridge\u2215tokens"),
    *("/_tollbridge/tokens?q=<script>", '/_tollbridge/tokens?q="x', "/_tollbridge/tokens?q=a b", "/_tollbridge/?q=%"),
    *("/_tollbridge/?q=%zz", "/_tollbridge/?q=\\", "/_tollbridge/?q=\n", "?next=//evil.example", "[::1]/_tollbridge/"),
    *("/_tollbridge/[::1]/", "//[::1]/_tollbridge/", "/_tollbridge/" + "a" * 4096),
)


def request():
    return Request({"type": "http", "root_path": "/_tollbridge", "headers": []})


@pytest.mark.parametrize("wanted", GOOD)
def test_page_of_this_gateway_is_gone_to(wanted):
    assert way_back(request(), wanted) == wanted


def test_there_are_sixty_ways_to_lead_astray():
    assert len(set(BAD)) >= 60


@pytest.mark.parametrize("wanted", BAD)
def test_whatever_else_is_wanted_leads_home(wanted):
    assert way_back(request(), wanted) == HOME


@given(st.one_of(st.text(max_size=60), st.text("/\\.%2feE@:?#_tollbridge\t", max_size=40).map("/_tollbridge/".__add__)))
def test_nothing_that_is_wanted_leaves_the_pages(wanted):
    found = way_back(request(), wanted)

    gone = urlsplit(urljoin("https://gw.example/_tollbridge/sign-in", found.replace("\\", "/")))
    assert (gone.scheme, gone.netloc) == ("https", "gw.example")
    assert gone.path == "/_tollbridge" or gone.path.startswith("/_tollbridge/")
    assert found.isascii()
    assert found.isprintable()


def test_page_to_sign_in_at_is_told_where_to_go_on():
    back = "/_tollbridge/tokens?q=a&state=b"

    assert sign_in_path(request(), back) == "/_tollbridge/sign-in?next=%2F_tollbridge%2Ftokens%3Fq%3Da%26state%3Db"
    assert sign_in_path(request(), "/x", again=True) == "/_tollbridge/sign-in/again?next=%2Fx"
