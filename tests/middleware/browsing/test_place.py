import pytest
from starlette.requests import Request

from tollbridge.browsing.place import Place, root


def seen(place, path, inner="/_tollbridge"):
    headers = [(b"host", b"inner:8800"), (b"x-forwarded-host", b"evil.example")]
    scope = {"type": "http", "scheme": "http", "path": f"{inner}{path}", "root_path": inner, "headers": headers}
    return place.seen(scope)


def test_request_without_a_public_url_is_where_it_came_in():
    found = seen(Place("", "/_tollbridge"), "/tokens")

    assert (found["root_path"], found["path"], found["scheme"]) == ("/_tollbridge", "/_tollbridge/tokens", "http")
    assert dict(found["headers"])[b"host"] == b"inner:8800"


@pytest.mark.parametrize(("outer", "below"), [("", "/tokens"), ("/app", ""), ("/app", "/out")])
def test_app_that_is_mounted_below_has_the_same_root(outer, below):
    mounted = f"{outer}/_tollbridge/sign-in"

    found = seen(Place("", "/_tollbridge", "/sign-in"), below, mounted)

    assert found["root_path"] == f"{outer}/_tollbridge"
    assert found["path"] == f"{outer}/_tollbridge/sign-in{below}"
    assert root(Request(found)) == f"{outer}/_tollbridge"


@pytest.mark.parametrize("mount", ["", "/sign-in"])
def test_request_is_seen_at_the_public_url(mount):
    found = seen(Place("https://GW.example:8443/ai", "/_tollbridge", mount), "/out", f"/_tollbridge{mount}")

    assert (found["scheme"], found["root_path"]) == ("https", "/ai/_tollbridge")
    assert found["path"] == f"/ai/_tollbridge{mount}/out"
    assert [value for name, value in found["headers"] if name == b"host"] == [b"gw.example:8443"]


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://gw.example:443", b"gw.example"), ("http://[::1]:80", b"[::1]"), ("http://[::1]:81", b"[::1]:81")],
)
def test_port_that_goes_without_saying_is_not_said(url, host):
    assert dict(seen(Place(url, ""), "/")["headers"])[b"host"] == host


def test_request_that_is_mounted_nowhere_has_an_empty_root():
    assert root(Request({"type": "http"})) == ""
