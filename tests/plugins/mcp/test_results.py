"""What an answer becomes."""

import base64
import json

import pytest

from tollbridge_mcp.invoking import Answer
from tollbridge_mcp.model import LONGEST_TEXT, ToolResult
from tollbridge_mcp.proxy import read_result
from tollbridge_mcp.results import DEEPEST_ANSWER, result_of


def answer(body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> Answer:
    more = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Answer(status, ((b"Content-Type", kind.encode()), *more), body)


def text(result: ToolResult) -> str:
    (block,) = result.content
    assert block["type"] == "text"
    said: str = block["text"]
    return said


def test_object_is_given_as_such_and_as_text() -> None:
    result = result_of(answer(b'{"a": 1}', "application/hal+json; charset=utf-8"))

    assert (text(result), result.structured, result.is_error) == ('{"a": 1}', {"a": 1}, False)


def test_other_json_is_text_and_wrapped_where_that_was_said() -> None:
    assert result_of(answer(b"[1]")).structured is None
    assert result_of(answer(b"[1]"), wrapped=True).structured == {"result": [1]}
    assert result_of(answer(b"null"), wrapped=True).structured == {"result": None}


@pytest.mark.parametrize("body", [b"{", b"NaN", b'"\xff"', b"[" * 5_000, b"1" * 5_000])
def test_json_that_is_none_is_a_failure(body: bytes) -> None:
    result = result_of(answer(body))

    assert result.is_error
    assert "says to be JSON and is none" in text(result)


def test_answer_without_what_was_promised_is_a_failure() -> None:
    assert result_of(answer(b"", status=204), promised=True).is_error
    assert result_of(answer(b"a", "text/plain"), promised=True).is_error
    assert not result_of(answer(b"{}"), promised=True).is_error


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "text/csv", "application/xml", "image/svg+xml"])
def test_text_is_text(kind: str) -> None:
    assert text(result_of(answer("é".encode(), kind))) == "é"


def test_images_and_sounds_are_what_they_are_and_the_rest_is_bytes() -> None:
    content = base64.b64encode(b"\xff").decode()

    assert result_of(answer(b"\xff", "image/png")).content == (
        {"type": "image", "data": content, "mimeType": "image/png"},
    )
    assert result_of(answer(b"\xff", "Audio/WAV")).content[0]["type"] == "audio"
    (block,) = result_of(answer(b"\xff", "application/pdf")).content
    assert block["resource"] == {"uri": "tollbridge:answer", "mimeType": "application/pdf", "blob": content}
    for odd in ("", "no kind", "a/b/c", "image/<script>"):
        assert result_of(answer(b"\xff", odd)).content[0]["resource"]["mimeType"] == "application/octet-stream"


def test_answer_without_content_is_done() -> None:
    assert text(result_of(Answer(204))) == "done (204)"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b'{"title": "T", "detail": "D"}', "application/problem+json", "the service answered 422: D"),
        (b'{"title": "T"}', "application/problem+json", "the service answered 422: T"),
        (b'{"error": {"code": "x", "message": "M"}}', "application/json", "the service answered 422: M"),
        (b'{"error": "E", "error_description": "D"}', "application/json", "the service answered 422: D"),
        (b'{"error": "E"}', "application/json", "the service answered 422: E"),
        (b'{"code": 7}', "application/json", 'the service answered 422: {"code": 7}'),
        (b"no", "application/json", "the service answered 422"),
        (b" why ", "text/plain", "the service answered 422: why"),
        (b"<html>", "text/html", "the service answered 422"),
    ],
)
def test_refusal_is_told_in_the_words_of_the_service(body: bytes, kind: str, said: str) -> None:
    result = result_of(answer(body, kind, 422))

    assert result.is_error
    assert result.structured is None
    assert text(result) == said


def test_redirect_is_not_followed_but_told() -> None:
    result = result_of(answer(b"", status=302, location="https://evil.example"))

    assert (result.is_error, text(result)) == (True, "the service answered 302")


def test_when_to_try_again_is_told() -> None:
    assert "retry after 7 s" in text(result_of(answer(b"", status=429, retry_after="7")))
    assert "retry" not in text(result_of(answer(b"", status=429, retry_after="soon")))


def test_long_words_are_cut() -> None:
    assert len(text(result_of(answer(b"x" * 100_000, "text/plain", 500)))) == LONGEST_TEXT


@pytest.mark.parametrize("depth", [DEEPEST_ANSWER + 1, 260, 900])
def test_json_that_is_too_deep_is_text_alone_and_a_failure_where_more_was_promised(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    result = json.dumps({"content": [], "isError": False, "structuredContent": {"a": 0}}).encode().replace(b"0", deep)

    plain, promised, outside = result_of(answer(deep)), result_of(answer(deep), promised=True), read_result(result)

    assert (text(plain), plain.structured, plain.is_error) == (deep.decode(), None, False)
    assert (text(promised), promised.is_error) == ("what the tool gives is nested deeper than 100 levels", True)
    assert outside.is_error


def test_result_names_the_call_that_gave_it() -> None:
    result = result_of(answer(b"{}", x_request_id="req_1"))

    assert result.wire()["_meta"] == {"tollbridge/call-id": "req_1"}
    assert "_meta" not in result_of(answer(b"{}")).wire()
