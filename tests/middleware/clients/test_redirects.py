"""Addresses that people may be sent back to."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.clients.redirects import check_redirect_uri, is_own_machine, matches

GOOD = (
    "https://app.example",
    "https://app.example/",
    "https://app.example/done?tenant=1&x=%20",
    "https://app.example:8443/done",
    "https://[2001:db8::1]/done",
    "https://a",
    "http://127.0.0.1",
    "http://127.0.0.1/done",
    "http://127.0.0.1:4000/done",
    "http://[::1]/done",
    "http://[::1]:4000/done?x",
)
BAD = (
    "",
    "https://",
    "https:///done",
    "https://APP.example/done",
    "https://app.example/done#",
    "https://app.example/a b",
    "https://app.example/\n",
    "https://app.example/é",
    "https://app.example\\done",
    'https://app.example/"',
    "https://app.example/<x>",
    "https://user@app.example/done",
    "https://app.example:0/done",
    "https://-app.example/done",
    "http://app.example/done",
    "http://localhost/done",
    "https://localhost/done",
    "https://localhost:8443",
    "https://app.localhost/done",
    "http://127.0.0.2/done",
    "http://127.0.0.1.evil.test/",
    "custom:/done",
    "https://app.example/" + "x" * 2048,
)


@pytest.mark.parametrize("uri", GOOD)
def test_address_by_https_or_at_a_loopback_literal_is_taken(uri: str) -> None:
    assert check_redirect_uri(uri) == uri


@pytest.mark.parametrize("uri", BAD)
def test_any_other_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="no address to send people back to"):
        check_redirect_uri(uri)


@pytest.mark.parametrize("uri", ["http://localhost", "http://localhost/callback", "http://localhost:4000/callback"])
def test_localhost_is_taken_by_http_where_it_may_be(uri: str) -> None:
    assert check_redirect_uri(uri, localhost=True) == uri
    with pytest.raises(ValueError, match="of a public client http://localhost/<path> too"):
        check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost/done",
        "https://app.localhost/done",
        "http://app.localhost/done",
        "http://localhost./done",
        "http://LOCALHOST/done",
        "http://localhost.evil.test/done",
        "http://localhost@evil.test/done",
        "http://localhost:0/done",
        "http://localhost/done#",
        "http://localhost/" + "x" * 2048,
    ],
)
def test_nothing_that_is_like_localhost_is_taken(uri: str) -> None:
    with pytest.raises(ValueError, match="no address to send people back to"):
        check_redirect_uri(uri, localhost=True)


def test_localhost_without_a_port_is_any_port_of_it_and_no_literal() -> None:
    assert matches("http://localhost/done", "http://localhost:4000/done")
    assert matches("http://localhost:4000/done", "http://localhost:4000/done")
    assert not matches("http://localhost:4000/done", "http://localhost:4001/done")
    for uri in ("http://127.0.0.1:4000/done", "https://localhost:4000/done", "http://localhost:4000/other"):
        assert not matches("http://localhost/done", uri)


def test_address_at_a_loopback_literal_is_on_ones_own_machine_whatever_its_scheme() -> None:
    for uri in ("http://127.0.0.1/done", "https://127.0.0.1:8443/done", "http://[::1]:4000", "https://[::1]/done"):
        assert is_own_machine(uri)
    assert is_own_machine("http://localhost:4000/done")
    for uri in ("https://app.example/done", "https://10.0.0.1/done", "https://[2001:db8::1]/done"):
        assert not is_own_machine(uri)


def test_loopback_address_without_a_port_is_any_port_of_it() -> None:
    for uri in ("http://127.0.0.1/done", "http://127.0.0.1:1/done", "http://127.0.0.1:65535/done"):
        assert matches("http://127.0.0.1/done", uri)
    for uri in (
        "http://[::1]:4000/done",
        "http://127.0.0.1:4000/other",
        "http://127.0.0.1:4000/done/",
        "https://127.0.0.1/done",
    ):
        assert not matches("http://127.0.0.1/done", uri)


def test_loopback_address_with_a_port_is_that_port() -> None:
    assert matches("http://127.0.0.1:4000/done", "http://127.0.0.1:4000/done")
    assert not matches("http://127.0.0.1:4000/done", "http://127.0.0.1:4001/done")
    assert not matches("http://127.0.0.1:4000/done", "http://127.0.0.1/done")


def test_other_addresses_have_the_port_they_have() -> None:
    assert not matches("https://app.example/done", "https://app.example:8443/done")
    assert not matches("https://app.example/done", "https://app.example:443/done")


@given(st.text(string.printable, max_size=40))
def test_what_is_exact_matches_itself_alone(more: str) -> None:
    registered = "https://app.example/done"

    assert matches(registered, registered + more) == (more == "")
