from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_portal.samples import (
    Kind,
    Unwritable,
    chat,
    embeddings,
    messages,
    prompt,
    responses,
    rest,
)
from tollbridge_portal.samples.called import check_address, check_json, check_variable

HALF = "half \ud83c"
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_models_are_asked_in_the_words_of_their_dialects() -> None:
    assert (chat("m", "Hi").path, chat("m", "Hi").body) == (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    )
    assert (responses("m", "Hi").path, responses("m", "Hi").body) == ("/v1/responses", {"model": "m", "input": "Hi"})
    assert embeddings("m", "Hi").body == {"model": "m", "input": "Hi"}
    assert messages("m", "Hi", streamed=True).body == {
        "model": "m",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }
    assert [make("m", "Hi").said for make in (chat, responses, messages, embeddings)] == ["Hi"] * 4


def test_prompt_api_that_is_streamed_says_so_in_its_headers_and_not_in_its_fields() -> None:
    called = prompt("/v1/apis/ticket@1.0.0", {"letter": "Hi"}, streamed=True)

    assert (called.kind, called.path, called.method) == (Kind.PROMPT, "/v1/apis/ticket@1.0.0", "POST")
    assert called.headers == {"Accept": "text/event-stream"}
    assert called.body == {"letter": "Hi"}
    assert prompt("/v1/apis/ticket", {}).headers == {}


def test_path_is_written_with_its_parameters() -> None:
    called = rest(
        "GET", "/v1/apis/shop/{kind}/{rest*}", parameters={"kind": "a/b c", "rest": "x/y z"}, query=[("q", "1&2")]
    )

    assert called.path == "/v1/apis/shop/a%2Fb%20c/x/y%20z?q=1%262"


@given(value=texts.filter(lambda text: not {".", ".."} & set(text.split("/"))))
def test_any_parameter_is_one_segment(value: str) -> None:
    called = rest("GET", "/a/{it}/b", parameters={"it": value})

    path = urlsplit(f"http://gw{called.path}").path
    assert path.isascii()
    assert list(map(unquote, path.split("/"))) == ["", "a", value, "b"]


@pytest.mark.parametrize("value", ["", ".", "..", "a/../b", HALF])
def test_parameter_that_a_client_would_follow_is_refused(value: str) -> None:
    with pytest.raises(Unwritable):
        rest("GET", "/a/{it*}", parameters={"it": value})


@pytest.mark.parametrize("path", ["a", "", "/a/../b", "/./a", f"/{HALF}", "/{missing}"])
def test_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(Unwritable):
        rest("GET", path)


@pytest.mark.parametrize("method", ["get", "CONNECT", "TRACE", "GET\r\n", ""])
def test_method_that_no_sample_can_have_is_refused(method: str) -> None:
    with pytest.raises(Unwritable, match="no method"):
        rest(method, "/a")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_body_where_none_goes_is_refused(method: str) -> None:
    with pytest.raises(Unwritable, match="has no body"):
        rest(method, "/a", body={})


@pytest.mark.parametrize("name", ["Authorization", "content-type", "Host", "Connection", "Content-Length"])
def test_header_that_a_client_writes_itself_is_left_out(name: str) -> None:
    assert rest("GET", "/a", headers={name: "x", "X-A": "b"}).headers == {"X-A": "b"}


def test_header_about_a_body_is_left_out_where_there_is_none() -> None:
    headers = {"Content-Language": "de", "Expires": "0", "X-A": "1", "x-a": "2"}

    assert rest("GET", "/a", headers=headers).headers == {"X-A": "1"}
    assert rest("PUT", "/a", headers=headers, body={}).headers == {"Content-Language": "de", "Expires": "0", "X-A": "1"}


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "x"), ("", "x"), ("a", "x\r\ny"), ("a", "é"), ("a", " x"), ("a", "\0")]
)
def test_header_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(Unwritable):
        rest("GET", "/a", headers={name: value})


@pytest.mark.parametrize("media_type", ["json", "a/b; c=d", "a/b\r\nc: d", "a/é"])
def test_media_type_that_is_none_is_refused(media_type: str) -> None:
    with pytest.raises(Unwritable, match="no media type"):
        rest("PUT", "/a", body={}, media_type=media_type)


@pytest.mark.parametrize("value", [HALF, {HALF: 1}, {"a": [HALF]}, float("nan"), [float("inf")], -float("inf")])
def test_value_that_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(Unwritable):
        check_json(value)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "make",
    [
        lambda: chat(HALF, "a"),
        lambda: chat("m", HALF),
        lambda: embeddings("m", HALF),
        lambda: prompt("/a", {"a": HALF}),
        lambda: prompt("/a", {}, model=HALF),
        lambda: prompt("/a", {}, said=HALF),
        lambda: rest("GET", "/a", query=[("q", HALF)]),
        lambda: rest("PUT", "/a", body=[HALF]),
    ],
)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(make) -> None:
    with pytest.raises(Unwritable, match="surrogate"):
        make()


@pytest.mark.parametrize(
    "address", ["https://gw.example.com", "http://127.0.0.1:8800", "https://[::1]:1/x", "http://a-b.c/d_e/~f"]
)
def test_address_is_given_without_its_last_slash(address: str) -> None:
    assert check_address(f"{address}/") == check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "gw.example.com", "ftp://gw", "https://", "https://u:p@gw", "https://gw/?a", "https://gw/#a"),
        *("https://gw/a b", "https://gw/é", "https://gw/$(id)", "https://gw/`id`", "https://gw/'", 'https://gw/"'),
        *("https://gw:0", "https://gw:x", "https://gw:99999", "https://[::1", "https://gw/\n", "javascript:alert(1)"),
    ],
)
def test_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Unwritable):
        check_address(address)


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A\n", "Ä", "A$(id)", "A}"])
def test_name_that_no_variable_has_is_refused(name: str) -> None:
    with pytest.raises(Unwritable, match="no name of an environment variable"):
        check_variable(name)


def test_name_of_a_variable_is_given_back() -> None:
    assert check_variable("_a1_B") == "_a1_B"
