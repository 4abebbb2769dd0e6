"""What can be read in two ways is refused; what only a gateway may say is taken out."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tollbridge import sanity
from tollbridge.call import Call, Headers, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import UnsafeRequest
from tollbridge.sanity import HeaderLimits, inspect, with_escaped_slashes

HOST = (b"host", b"bridge.example")
LIMITS = HeaderLimits()
TOKEN_SIGNS = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"


def call_of(
    *headers: tuple[bytes, bytes],
    raw: str | None = "/v1/models",
    path: str | None = None,
    query: bytes = b"",
    protocol: str = "http",
) -> Call:
    """Make the record of a request as a server hands it over: `path` is `raw` with its escapes read."""
    scope: dict[str, Any] = {
        "type": protocol,
        "method": "POST",
        "path": path if path is not None else unquote(raw or ""),
        "query_string": query,
        "headers": list(headers),
    }
    if raw is not None:
        scope["raw_path"] = raw.encode("utf-8", "surrogateescape")
    return open_call(scope, SystemClock())


def passed(*headers: tuple[bytes, bytes], limits: HeaderLimits = LIMITS, protocol: str = "http") -> Headers:
    return inspect(call_of(HOST, *headers, protocol=protocol), limits)


def refusal(call: Call, limits: HeaderLimits = LIMITS) -> UnsafeRequest:
    with pytest.raises(UnsafeRequest) as caught:
        inspect(call, limits)
    return caught.value


def test_plain_request_passes_as_it_is() -> None:
    headers = [HOST, (b"content-type", b"application/json"), (b"x-custom", b"caf\xc3\xa9\tbar"), (b"accept", b"")]

    assert inspect(call_of(*headers), LIMITS) == headers


def test_header_may_come_twice_where_its_values_are_a_list() -> None:
    headers = [HOST, (b"accept", b"a/b"), (b"accept", b"c/d"), (b"anthropic-beta", b"x"), (b"anthropic-beta", b"y")]

    assert inspect(call_of(*headers), LIMITS) == headers


@pytest.mark.parametrize(
    "name",
    [
        b"host",
        b"authorization",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"x-api-key",
        b"x-goog-api-key",
    ],
)
def test_header_that_decides_something_may_come_only_once(name: bytes) -> None:
    error = refusal(call_of(HOST, (name, b"1"), (name, b"1")))

    assert error.message == f"the header {name.decode()} is sent twice; send it once"


@pytest.mark.parametrize("host", ["bridge.example", "localhost:8800", "127.0.0.1", "[::1]:80", "a", "my_app.", "A-b.C"])
def test_hosts_of_all_forms_pass(host: str) -> None:
    assert inspect(call_of((b"host", host.encode())), LIMITS) == [(b"host", host.encode())]


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "x/health?y=",
        "user@bridge.example",
        "user:pw@bridge.example",
        "bridge.example:",
        "bridge.example:port",
        "bridge.example:123456",
        "bridge.example:80:80",
        "bridge.example#x",
        "a,b",
        "a b",
        "-a",
        "a..",
        ".",
        "[::1",
        "::1",
        "[::1]x",
        "bridge%2eexample",
        "bridge.example\\",
        "bücher.example",
        "http://bridge.example",
    ],
)
def test_host_that_is_no_host_is_refused(host: str) -> None:
    assert refusal(call_of((b"host", host.encode()))).message == "the Host header is no host"


@pytest.mark.parametrize("headers", [(), ((b"accept", b"*/*"),)], ids=["alone", "beside others"])
def test_missing_host_is_refused(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert refusal(call_of(*headers)).message == "the Host header is missing"


@pytest.mark.parametrize("name", [b"x-forwarded-host", b"forwarded", b"x-forwarded-proto", b"x-original-url"])
def test_what_another_proxy_says_of_host_and_path_decides_nothing(name: bytes) -> None:
    assert passed((name, b"evil.example")) == [HOST, (name, b"evil.example")]


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"a b", b""), (b"", b"x"), (b"x:y", b""), (b"X-Upper", b""), (b"caf\xe9", b""), (b"a\nb", b""), (b"a\0", b"")],
)
def test_header_name_of_other_signs_is_refused(name: bytes, value: bytes) -> None:
    assert "a header name holds a character that is not allowed" in refusal(call_of(HOST, (name, value))).message


@pytest.mark.parametrize("sign", [*range(0x09), *range(0x0A, 0x20), 0x7F])
def test_control_character_in_a_header_is_refused(sign: int) -> None:
    assert refusal(call_of(HOST, (b"x-a", b"a%cb" % sign))).message == "a header holds a control character"


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: x=1", b"\x1b[2J", b"a\0b", b"a\nb"])
def test_value_that_could_begin_a_new_line_of_headers_or_of_a_log_is_refused(value: bytes) -> None:
    assert refusal(call_of(HOST, (b"user-agent", value))).status == 400


def test_as_many_headers_as_allowed_pass_and_one_more_does_not() -> None:
    headers = [HOST, *((b"x-%d" % number, b"") for number in range(99))]

    assert len(inspect(call_of(*headers), LIMITS)) == 100
    error = refusal(call_of(*headers, (b"x-more", b"")))
    assert (error.status, error.message) == (431, "more than 100 headers")


def test_value_as_long_as_allowed_passes_and_one_byte_more_does_not() -> None:
    limits = HeaderLimits(value=1000)

    assert passed((b"x-a", b"v" * 1000), limits=limits)
    error = refusal(call_of(HOST, (b"x-a", b"v" * 1001)), limits)
    assert (error.status, error.message) == (431, "a header is longer than 1000 bytes")


def test_many_short_values_may_together_be_longer_than_one() -> None:
    assert len(passed(*((b"x-%d" % number, b"v" * 500) for number in range(9)), limits=HeaderLimits(value=1000))) == 10


def test_headers_together_are_bounded() -> None:
    error = refusal(call_of(HOST, *((b"x-%d" % number, b"v" * 1000) for number in range(70))))

    assert (error.status, error.message) == (431, "the headers are over 65536 bytes")


@pytest.mark.parametrize("value", [b"", b"-1", b"+5", b"0x10", b"1,2", b"5 ", b"\xb2", b"1" * 19, b"1e3"])
def test_content_length_that_is_no_number_is_refused(value: bytes) -> None:
    assert refusal(call_of(HOST, (b"content-length", value))).message == "the Content-Length header is no number"


def test_two_framings_of_one_body_are_refused() -> None:
    error = refusal(call_of(HOST, (b"content-length", b"5"), (b"transfer-encoding", b"chunked")))

    assert "both Content-Length and Transfer-Encoding" in error.message


def test_either_framing_alone_passes() -> None:
    assert passed((b"content-length", b"5"))
    assert passed((b"transfer-encoding", b"chunked"))


@pytest.mark.parametrize("value", [b"gzip", b"br", b"GZIP", b"identity, gzip", b"zstd"])
def test_compressed_body_is_refused(value: bytes) -> None:
    error = refusal(call_of(HOST, (b"content-encoding", value)))

    assert (error.status, error.code) == (415, "unsafe_request")


@pytest.mark.parametrize("value", [b"", b"identity", b" Identity "])
def test_body_that_is_not_compressed_may_say_so(value: bytes) -> None:
    assert passed((b"content-encoding", value))


@pytest.mark.parametrize("value", [b"h2c", b"websocket", b"x"])
def test_upgrade_of_an_http_request_is_refused(value: bytes) -> None:
    error = refusal(call_of(HOST, (b"connection", b"upgrade"), (b"upgrade", value)))

    assert error.message == "this upgrade is not served here"


def test_websocket_keeps_the_headers_of_its_upgrade_and_loses_the_internal_ones() -> None:
    handshake = [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-protocol", b"caf\xc3\xa9")]

    assert passed(*handshake, (b"remote-user", b"root"), protocol="websocket") == [HOST, *handshake]


@pytest.mark.parametrize(
    "name",
    [
        b"x-tollbridge-principal",
        b"x-tollbridge-",
        b"x-forwarded-user",
        b"x-forwarded-email",
        b"x-forwarded-groups",
        b"x-remote-user",
        b"x-remote-groups",
        b"remote-user",
        b"x-auth-request-email",
        b"x_forwarded_user",
        b"x-forwarded_user",
        b"remote_user",
        b"x_tollbridge_principal",
    ],
)
def test_identity_that_a_client_claims_goes_no_further(name: bytes) -> None:
    assert passed((b"x-mine", b"1"), (name, b"root"), (b"accept", b"*/*")) == [
        HOST,
        (b"x-mine", b"1"),
        (b"accept", b"*/*"),
    ]


@pytest.mark.parametrize(
    "connection",
    [
        [b"x-secret"],
        [b"close, X-Secret"],
        [b"keep-alive ,\tx-secret\t, te"],
        [b"x-secret", b"close"],
        [b"close", b"x-secret"],
        [b"keep-alive", b"x-secret", b"keep-alive"],
    ],
)
def test_header_that_connection_names_is_meant_for_this_hop_only(connection: list[bytes]) -> None:
    sent = [(b"connection", value) for value in connection]

    assert passed(*sent, (b"x-secret", b"1"), (b"te", b"trailers"), (b"x-mine", b"1")) == [HOST, (b"x-mine", b"1")]


@pytest.mark.parametrize("value", [b"keep-alive", b"close", b"Keep-Alive"])
def test_usual_connection_header_costs_nothing(value: bytes) -> None:
    assert passed((b"connection", value)) == [HOST, (b"connection", value)]


def test_connection_cannot_take_out_what_decides() -> None:
    headers = [(b"authorization", b"Bearer x"), (b"content-length", b"2"), (b"content-type", b"application/json")]

    kept = passed((b"connection", b"host, authorization, content-length, content-type"), *headers)

    assert kept == [HOST, *headers]


@pytest.mark.parametrize(
    "coding", [b"gzip, chunked", b"x, chunked", b",chunked", b"chunked, chunked", b"identity", b""]
)
def test_transfer_coding_that_two_readers_take_differently_is_refused(coding: bytes) -> None:
    assert "chunked" in refusal(call_of(HOST, (b"transfer-encoding", coding))).message


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
def test_chunked_is_taken_but_in_http_1_0(coding: bytes) -> None:
    call = call_of(HOST, (b"transfer-encoding", coding))
    assert inspect(call, LIMITS)

    call.http_version = "1.0"
    assert "chunked" in refusal(call).message


@pytest.mark.parametrize(
    ("version", "served"),
    [("1.0", True), ("1.1", True), ("2", True), ("3", True), ("0.9", False), ("2.0", False), ("9.9", False)],
)
def test_versions_of_http_that_nobody_speaks_are_refused(version: str, served: bool) -> None:
    call = call_of(HOST)
    call.http_version = version

    if served:
        assert inspect(call, LIMITS)
    else:
        assert "version" in refusal(call).message


def judged(headers: Headers) -> tuple[int, str] | Headers:
    try:
        return inspect(call_of(*headers), HeaderLimits(count=8, bytes=200, value=60))
    except UnsafeRequest as exc:
        return exc.status, exc.message


NAMES = (b"host", b"accept", b"x-tollbridge-x", b"remote_user", b"connection", b"content-length", b"bad name", b"x-a")
VALUES = (b"bridge.example", b"1", b"keep-alive", b"x-a", b"a\x00", b"v" * 59, b"v" * 61)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=9))
def test_row_of_names_that_was_seen_before_is_judged_as_the_first_time(headers: Headers) -> None:
    for known in (sanity._rows, sanity._paths, sanity._hosts):
        known.clear()
    first = judged(headers)

    assert [judged(headers), judged(headers)] == [first, first]


def test_only_so_much_is_remembered_and_nothing_that_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanity, "_MOST_KNOWN", 2)
    kept = (sanity._rows, sanity._paths, sanity._hosts)
    for known in kept:
        known.clear()
    for number in range(5):
        inspect(call_of((b"host", b"h%d" % number), (b"x-%d" % number, b"1"), path=f"/{number}"), LIMITS)
        assert max(map(len, kept)) <= 2

    before = [known.copy() for known in kept]
    inspect(call_of((b"host", b"h" * 2_000), (b"x-" + b"n" * 2_000, b"1"), path="/" + "p" * 2_000), LIMITS)
    assert [*kept] == before


SPELLINGS = [
    "//v1/models",
    "/v1//models",
    "/v1/models//",
    "/./v1/models",
    "/v1/./models",
    "/v1/models/.",
    "/..",
    "/v1/../admin",
    "/v1/models/..",
    "/%2e/v1",
    "/%2E%2e/admin",
    "/v1/%2e%2e/admin",
    "/v1/.%2e/admin",
    "/v1%2fmodels",
    "/v1%2Fmodels",
    "/v1/%2f..%2fadmin",
    "/v1%5cmodels",
    "/v1%5C..%5Cadmin",
    "/v1\\models",
    "/v1/models;x=1",
    "/v1/models%3bx",
    "/;/v1/models",
    "/v1/models%00",
    "/v1/models%0a",
    "/v1/models%0D%0A",
    "/v1/models%1b",
    "/v1/models%7f",
    "/v1/models%252f",
    "/v1%25%32%66models",
    "/v1/models%",
    "/v1/models%2",
    "/v1/models%zz",
    "/v1/models%c0%af",
    "/v1/models%ff",
    "/v1/models%e2%80%a8",
    "/v1/models%c2%85",
    "/v1/\x00models",
    "/v1/models\n",
    "",
    "*",
    "v1/models",
    "http://bridge.example/v1/models",
    "bridge.example:443",
]


@pytest.mark.parametrize("raw", SPELLINGS)
def test_path_that_could_be_read_in_two_ways_is_refused(raw: str) -> None:
    assert refusal(call_of(HOST, raw=raw)).status == 400


@pytest.mark.parametrize("raw", [raw for raw in SPELLINGS if "%" not in raw])
def test_so_it_is_where_the_server_keeps_no_raw_path(raw: str) -> None:
    assert refusal(call_of(HOST, raw=None, path=raw)).status == 400


def test_absolute_form_is_refused_also_where_the_server_reads_its_path() -> None:
    error = refusal(call_of(HOST, raw="http://evil.example/v1/models", path="/v1/models"))

    assert "origin-form" in error.message


@pytest.mark.parametrize(
    "raw",
    [
        "/",
        "/v1/models",
        "/v1/models/openai/gpt-4o",
        "/v1/.well-known",
        "/a.b/..c/d..",
        "/caf%C3%A9",
        "/a%20b",
        "/a:b@c,d",
    ],
)
def test_plain_paths_pass(raw: str) -> None:
    assert inspect(call_of(HOST, raw=raw), LIMITS) == [HOST]


@pytest.mark.parametrize("query", [b"a\0", b"a=%00"])
def test_nul_in_the_query_is_refused(query: bytes) -> None:
    assert refusal(call_of(HOST, query=query)).message == "the query holds a NUL"


def test_target_as_long_as_allowed_passes_and_one_byte_more_does_not() -> None:
    limits = HeaderLimits(target=100)

    assert inspect(call_of(HOST, raw="/" + "a" * 99), limits)
    assert inspect(call_of(HOST, query=b"q" * 100), limits)
    for call in (
        call_of(HOST, raw="/" + "a" * 100),
        call_of(HOST, query=b"q" * 101),
        call_of(HOST, raw="/" + "%20" * 34),
    ):
        error = refusal(call, limits)
        assert (error.status, error.message) == (414, "the request target is longer than 100 bytes")


NAMES = st.one_of(
    st.binary(max_size=12),
    st.text(alphabet=TOKEN_SIGNS.decode(), min_size=1, max_size=12).map(str.encode),
    st.sampled_from([b"host", b"connection", b"content-length", b"transfer-encoding", b"upgrade", b"x-remote-user"]),
)
ANY_VALUES = st.one_of(st.binary(max_size=20), st.sampled_from([b"bridge.example", b"close", b"5", b"chunked", b"x-a"]))


@given(
    st.lists(st.tuples(NAMES, ANY_VALUES), max_size=8),
    st.one_of(st.text(max_size=12), st.text(alphabet="/a.%2fe;\\", max_size=12).map("/".__add__)),
    st.binary(max_size=12),
    st.binary(max_size=12),
    st.sampled_from(["http", "websocket"]),
)
@example([], "", b"", b"", "http")
@example([HOST, (b"x-a", b"1")], "/a", b"/a", b"", "http")
def test_whatever_comes_is_passed_clean_or_refused(
    headers: Headers, path: str, raw: bytes, query: bytes, protocol: str
) -> None:
    call = call_of(*headers, path=path, raw=None, query=query, protocol=protocol)
    call.raw_path = raw

    try:
        kept = inspect(call, LIMITS)
    except UnsafeRequest:
        return

    assert [name for name, _ in kept].count(b"host") == 1
    assert all(name and set(name) <= set(TOKEN_SIGNS) for name, _ in kept)
    assert not any(sign < 0x20 and sign != 0x09 for _, value in kept for sign in value)
    assert not any(name.startswith((b"x-tollbridge-", b"x-remote-", b"remote-user")) for name, _ in kept)
    assert path.startswith("/")
    assert not {"//", "\\", ";", "\0", "\n"} & {path[at : at + size] for at in range(len(path)) for size in (1, 2)}
    assert not {".", ".."} & set(path.split("/"))
    assert b"\0" not in query


@pytest.mark.parametrize(
    ("raw", "passes"),
    [
        ("/v1/models/a%2fb%2Fc", True),
        ("/mount/v1/models/a%2fb", True),
        ("/mount%2fx/v1/models/a%2fb", False),  # only what stands behind is a name
        ("/v1%2fmodels/a", False),
        ("/v1/models/a%5cb", False),
        ("/v1/models/a%252fb", False),
    ],
)
def test_slash_may_be_escaped_in_a_name_and_nowhere_else(raw: str, passes: bool) -> None:
    call = call_of(HOST, raw=raw, path=unquote(raw[raw.index("/v1") :]))

    if passes:
        assert inspect(call, LIMITS, ("/v1/models/",)) == [HOST]
    else:
        with pytest.raises(UnsafeRequest, match="escape"):
            inspect(call, LIMITS, ("/v1/models/",))


@pytest.mark.parametrize(
    ("path", "raw", "found"),
    [
        ("/a/b", b"/a/b", "/a/b"),
        ("/a b", b"/a%20b", "/a b"),
        ("/a/b", b"", "/a/b"),
        ("/a/b/c", b"/a%2Fb/c", "/a%2Fb/c"),
        ("/b/c/", b"/mount/x/b%2fc/", "/b%2Fc/"),
        ("/\u00e4/b", b"/%C3%A4%2Fb", "/\u00e4%2Fb"),
    ],
)
def test_escaped_slashes_of_a_path_are_told_from_the_others(path: str, raw: bytes, found: str) -> None:
    assert with_escaped_slashes(path, raw) == found


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/a%2Fb", b""),  # the server said nothing of how it came
        ("/a%2Fb", b"/a%252Fb"),
        ("/a%2Fb/c", b"/a%252Fb%2Fc"),
        ("/b/c", b"/a%2Fb/c"),  # it ends within a segment
        ("/other/b", b"/a%2Fb"),
    ],
)
def test_path_whose_escaped_slashes_cannot_be_told_is_refused(path: str, raw: bytes) -> None:
    with pytest.raises(UnsafeRequest, match="escape"):
        with_escaped_slashes(path, raw)


def test_path_that_one_gateway_took_is_looked_at_by_another() -> None:
    call = call_of(HOST, raw="/v1/apis/a%2Fb")

    assert inspect(call, LIMITS, ("/v1/apis/",)) == [HOST]
    with pytest.raises(UnsafeRequest, match="escape"):
        inspect(call, LIMITS)
