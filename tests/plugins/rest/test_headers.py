"""Headers, queries and what pages of other origins are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.caching import directives, seconds
from tollbridge_rest.cors import answer_headers, is_preflight, preflight_headers
from tollbridge_rest.definition import Cors, HeaderEdit, QueryEdit
from tollbridge_rest.headers import (
    IDENTITY,
    MOST_HOPS,
    edit_headers,
    headers_down,
    headers_up,
    holds_token,
    is_value,
    may_be_edited,
)
from tollbridge_rest.line import write_head
from tollbridge_rest.queries import query_up

TOKEN = b"tb_" + b"a" * 38


@pytest.mark.parametrize(
    "name",
    [
        *(b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-authorization"),
        *(b"host", b"content-length", b"expect", b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key"),
        *(b"x-forwarded", b"x-client-ip", b"fastly-client-ip"),
        *(b"cookie", b"forwarded", b"x-real-ip", b"x-forwarded-for", b"x_forwarded_for", b"x-forwarded-host"),
        *(b"x-tollbridge-identity", b"x-tollbridge-anything", b"x_tollbridge_identity", b"cf-connecting-ip"),
        *(b"x-original-url", b"x-rewrite-url", b"x-http-method-override", b"tollbridge-version"),
    ],
)
def test_header_does_not_go_up(name: bytes) -> None:
    assert [pair for pair in headers_up([(name, b"1")]) if pair[0] == name] == []


def test_other_headers_go_up_as_they_are() -> None:
    sent = [(b"accept", b"*/*"), (b"x-own", b"1"), (b"x-own", b"2"), (b"accept-encoding", b"gzip"), (b"range", b"a")]

    assert headers_up(sent) == [*sent, (b"via", b"1.1 tollbridge")]


def test_header_that_connection_names_goes_no_further() -> None:
    sent = [(b"connection", b"close, X-Own"), (b"x-own", b"1"), (b"x-other", b"2")]

    assert headers_up(sent)[0] == (b"x-other", b"2")
    assert headers_down(sent) == [(b"x-other", b"2")]


@pytest.mark.parametrize("value", [TOKEN, b"Bearer " + TOKEN, b"x" + TOKEN + b"x", b"tb_test_" + b"b" * 38])
def test_token_goes_up_in_no_header(value: bytes) -> None:
    assert headers_up([(b"x-any", value)]) == [(b"via", b"1.1 tollbridge")]
    assert holds_token(value)


def test_identity_goes_up_only_where_it_is_wanted() -> None:
    sent = [(IDENTITY, b"a.b.c")]

    assert sent[0] not in headers_up(sent)
    assert sent[0] in headers_up(sent, identity=True)


def test_cookies_of_the_gateway_stay_here() -> None:
    cookie = b"a=1; tollbridge_session=2; __Host-tollbridge_session=3; __Secure-tollbridge_x=4; b=" + TOKEN + b"; c=5;"

    assert headers_up([(b"cookie", cookie)], cookies=True)[0] == (b"cookie", b"a=1; c=5")
    assert headers_up([(b"cookie", b"tollbridge_session=2")], cookies=True) == [(b"via", b"1.1 tollbridge")]


def test_request_that_goes_in_a_circle_is_stopped() -> None:
    via = b"1.1 a"
    for _ in range(MOST_HOPS):
        ((_, via),) = headers_up([(b"via", via)])

    with pytest.raises(ValueError, match="in a circle"):
        headers_up([(b"via", via)])


@pytest.mark.parametrize(
    "name",
    [
        *(b"set-cookie", b"server", b"date", b"content-length", b"transfer-encoding", b"www-authenticate", b"alt-svc"),
        *(b"strict-transport-security", b"clear-site-data", b"x-tollbridge-cost", b"access-control-allow-origin"),
        *(b"x-accel-redirect", b"x-accel-expires", b"x-accel-limit-rate", b"service-worker-allowed"),
    ],
)
def test_header_does_not_come_down(name: bytes) -> None:
    assert headers_down([(name, b"1"), (b"x-own", b"1")]) == [(b"x-own", b"1")]


def test_upstreams_cookie_comes_down_where_it_is_said_but_none_of_the_gateways() -> None:
    sent = [
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b" tollbridge_session=1"),
        (b"set-cookie", b"__Host-tollbridge_a=1"),
    ]

    assert headers_down(sent, cookies=True) == [(b"set-cookie", b"a=1")]


def test_headers_are_removed_set_and_added() -> None:
    edit = HeaderEdit(set={"X-A": "new"}, add={"x-b": "2"}, remove=("X-C",))

    found = edit_headers([(b"x-a", b"1"), (b"x-a", b"2"), (b"x-b", b"1"), (b"x-c", b"1")], edit)

    assert found == [(b"x-b", b"1"), (b"x-a", b"new"), (b"x-b", b"2")]


def test_header_is_the_same_to_an_upstream_with_underscores() -> None:
    edit = HeaderEdit(set={"x-role": "user"}, remove=("X-Debug", "x_trace"))
    sent = [(b"x_role", b"admin"), (b"x_debug", b"1"), (b"x-trace", b"1"), (b"x_own", b"1")]

    assert edit_headers(sent, edit) == [(b"x_own", b"1"), (b"x-role", b"user")]


@pytest.mark.parametrize("name", ["Host", "connection", "X-Tollbridge-Identity", "content-length", "Via"])
def test_header_that_frames_a_message_is_not_a_routes_to_change(name: str) -> None:
    assert not may_be_edited(name)
    assert may_be_edited("X-Own")


@pytest.mark.parametrize(("text", "good"), [("a b", True), ("", True), ("ä", True), (" a", False), ("a\nb", False)])
def test_value_of_a_header_is_one_line(text: str, good: bool) -> None:
    assert is_value(text) is good


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (b"", ""),
        (b"a=1&b=%20&&c", "a=1&b=%20&&c"),
        (b'a=\xc3\xa4 b"<>#\r\n', "a=%C3%A4%20b%22%3C%3E%23%0D%0A"),
    ],
)
def test_query_goes_up_as_it_came_but_for_what_no_url_holds(query: bytes, text: str) -> None:
    assert query_up(query, QueryEdit()) == text


def test_query_is_changed_by_decoded_names() -> None:
    edit = QueryEdit(set={"a b": "x&y"}, add={"c": "2"}, remove=("d",))

    assert query_up(b"a+b=1&a%20b=2&c=1&%64=1&e", edit) == "c=1&e&a+b=x%26y&c=2"


@given(st.binary(max_size=30), st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=8)), max_size=3))
def test_head_of_a_request_is_one_head_or_none(query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    text = query_up(query, QueryEdit())
    try:
        head = write_head("GET", f"/a?{text}", "h", headers)
    except ValueError:
        return

    lines = head.split(b"\r\n")
    assert len(lines) == 2 + len(headers) + 2
    assert lines[-2:] == [b"", b""]
    assert lines[0].count(b" ") == 2
    assert b"\n" not in b"".join(lines)


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "a"), ("GET", "/a b"), ("GET", "/a\r\nx: 1"), ("GE T", "/"), ("", "/"), ("GET", "")]
)
def test_request_line_that_would_be_another_is_refused(method: str, target: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a request"):
        write_head(method, target, "h", [])


ANY, NAMED = Cors(origins=("*",)), Cors(origins=("https://a.example",), credentials=True, expose=("x-n",))
ASKS = [(b"origin", b"https://a.example"), (b"access-control-request-method", b"PUT")]


def test_preflight_is_told_from_other_options() -> None:
    assert is_preflight("OPTIONS", ASKS)
    assert not is_preflight("GET", ASKS)
    assert not is_preflight("OPTIONS", ASKS[:1])
    assert not is_preflight("OPTIONS", ASKS[1:])


def test_route_of_all_methods_names_the_one_that_is_asked_for() -> None:
    assert (b"access-control-allow-methods", b"PUT") in preflight_headers(ANY, (), ASKS)
    assert (b"access-control-allow-origin", b"*") in preflight_headers(ANY, (), ASKS)
    strange = [ASKS[0], (b"access-control-request-method", b"P\xffT, x")]
    assert (b"access-control-allow-methods", b"") in preflight_headers(ANY, (), strange)


def test_answer_names_the_origin_and_varies_by_it() -> None:
    assert answer_headers(NAMED, ASKS) == [
        (b"access-control-allow-origin", b"https://a.example"),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
        (b"access-control-expose-headers", b"x-n"),
    ]
    assert answer_headers(NAMED, [(b"origin", b"https://b.example")]) == [(b"vary", b"origin")]
    assert answer_headers(NAMED, [(b"origin", b"null")]) == [(b"vary", b"origin")]
    assert answer_headers(NAMED, []) == [(b"vary", b"origin")]


def test_any_origin_is_never_given_with_credentials() -> None:
    wild = Cors(origins=("*",), credentials=True)

    assert answer_headers(wild, ASKS) == [(b"vary", b"origin")]


def test_directives_are_read_with_quotes_and_the_first_counts() -> None:
    said = directives([(b"cache-control", b'Max-Age=5, private="a, b", no-store'), (b"cache-control", b"max-age=9")])

    assert said == {"max-age": "5", "private": "a, b", "no-store": ""}


@pytest.mark.parametrize(
    ("text", "number"),
    [(None, None), ("", None), ("-1", None), ("1.5", None), ("٣", None), ("7", 7), ("9" * 30, 2**31)],
)
def test_seconds_are_whole_and_bounded(text: str | None, number: float | None) -> None:
    assert seconds(text) == number
