import pytest

from tollbridge.browsing.origin import from_here


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": ""}, False),
        ({"sec_fetch_site": "same-origin", "origin": "http://gw.example"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "http://evil.example"}, False),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, False),
        ({"sec_fetch_site": "cross-site", "origin": "http://gw.example"}, False),
        ({"origin": "http://gw.example"}, True),
        ({"origin": "https://gw.example"}, True),
        ({"origin": "http://gw.example:81"}, False),
        ({"origin": "http://gw.example.evil.example"}, False),
        ({"origin": "http://user@gw.example"}, False),
        ({"origin": "ftp://gw.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"referer": "http://gw.example/"}, False),
        ({}, False),
    ],
)
def test_request_is_from_here_where_the_browser_says_so(ask, headers, here):
    assert from_here(ask(**headers)) is here


@pytest.mark.parametrize(("origin", "here"), [("https://gw.example", True), ("http://gw.example", False)])
def test_page_without_tls_is_not_the_one_with_it(ask, origin, here):
    assert from_here(ask(scheme="https", origin=origin)) is here


def test_request_without_a_host_is_from_nowhere(ask):
    request = ask(origin="http://")
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"host"]

    assert not from_here(request)
