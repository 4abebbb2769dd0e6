"""What could be read in two ways is refused by the chain, before anyone is asked who calls."""

import pytest
from starlette.types import Receive, Scope, Send

from tollbridge.layers.sanity import Sanity
from tollbridge.sanity import HeaderLimits


async def show_headers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b",".join(name for name, _ in scope["headers"])})


async def ask(app: Sanity, *headers: tuple[bytes, bytes], path: str = "/x") -> tuple[int, bytes]:
    sent = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"h"), *headers],
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_layer_works_alone_and_takes_internal_headers_out() -> None:
    status, names = await ask(Sanity(show_headers), (b"x-remote-user", b"root"), (b"x-mine", b"1"))

    assert (status, names) == (200, b"host,x-mine")


async def test_ambiguous_request_is_refused_in_plain_words() -> None:
    status, body = await ask(Sanity(show_headers), (b"host", b"other"))

    assert status == 400
    assert b'"code":"unsafe_request"' in body


async def test_limits_are_those_given() -> None:
    tight = Sanity(show_headers, limits=HeaderLimits(count=1))

    assert (await ask(tight))[0] == 200
    assert (await ask(tight, (b"a", b"1")))[0] == 431


@pytest.mark.parametrize(("depth", "status"), [(3, 200), (2, 400)])
async def test_body_nested_deeper_than_configured_is_refused(mock, depth, status) -> None:
    gw = mock(server={"max_json_depth": depth})
    # Three levels: the body, the list of messages, the message.

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == status
    if status == 400:
        assert reply.json()["error"]["code"] == "body_too_large"
        assert gw.sent == []


async def test_refusal_comes_before_authentication(mock) -> None:
    gw = mock()

    reply = await gw.request("GET", "/v1//models", token="")

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsafe_request")


FORM = b'--b1\r\nContent-Disposition: form-data; name="model"\r\n\r\nsmall\r\n--b1--\r\n'
BRACKETS = b'--b1\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n' + b"[" * 500 + b"\r\n"


async def test_brackets_in_a_file_are_no_levels(mock) -> None:
    gw = mock()
    gw.upstream.reply({"text": "hi"})
    headers = {"content-type": "multipart/form-data; boundary=b1"}

    reply = await gw.request("POST", "/v1/audio/transcriptions", content=BRACKETS + FORM, headers=headers)

    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/v1/audio/transcriptions", "multipart/form-data; boundary=other", FORM),
        ("/v1/audio/transcriptions", "application/json", FORM),
        ("/v1/images/edits", "application/json", b'{"a":' * 200 + b"1" + b"}" * 200),
        ("/v1/chat/completions", "multipart/form-data; boundary=b1", BRACKETS + FORM),
    ],
)
async def test_form_is_taken_for_one_where_one_is_taken_and_its_type_says_so(mock, path, kind, body) -> None:
    gw = mock()

    reply = await gw.request("POST", path, content=body, headers={"content-type": kind})

    assert (reply.status_code, gw.sent) == (400, [])
