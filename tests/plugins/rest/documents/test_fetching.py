"""A document is fetched from a public address, over TLS, once (T27)."""

import asyncio
from collections.abc import Sequence

import pytest

from tollbridge import BadRequest, UpstreamError, UpstreamRequest
from tollbridge.transport.guard import Guard
from tollbridge.transport.http1 import Http1Transport
from tollbridge_rest.documents import fetch_document, fetching
from tollbridge_rest.documents.bounds import MAX_BYTES

pytestmark = pytest.mark.anyio

URL = "https://specs.example/openapi.json"


class Script:
    """Answers each request in the same way, and notes what it was asked."""

    def __init__(self, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = (), body: bytes = b"{}") -> None:
        self.status, self.headers, self.body = status, list(headers), body
        self.asked: list[UpstreamRequest] = []
        self.limit = self.closed = 0
        self.hangs = False

    async def send(self, request: UpstreamRequest) -> "Script":
        self.asked.append(request)
        if self.hangs:
            await asyncio.Event().wait()
        return self

    async def read(self, limit: int) -> bytes:
        self.limit = limit
        if len(self.body) > limit:
            raise UpstreamError(f"the provider's answer is over {limit} bytes")
        return self.body

    async def close(self) -> None:
        self.closed += 1


async def test_a_document_is_fetched_with_nothing_of_the_gateways() -> None:
    script = Script(body=b"openapi: 3.1.0")

    assert await fetch_document(script, URL) == b"openapi: 3.1.0"

    (asked,) = script.asked
    assert (asked.method, asked.url, asked.body) == ("GET", URL, b"")
    assert (asked.allow_private, asked.tls_outside) == (False, True)
    assert {name for name, _ in asked.headers} == {b"accept", b"accept-encoding", b"user-agent"}
    assert (b"accept-encoding", b"identity") in asked.headers
    assert script.limit == MAX_BYTES
    assert script.closed == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://specs.example/openapi.json",
        "file:///etc/passwd",
        "ftp://specs.example/",
        "gopher://specs.example/",
        "//specs.example/",
        "specs.example/openapi.json",
        "https://",
        "https:///openapi.json",
        "https://user:password@specs.example/",
        "https://[::1",
        "https://specs.example/" + "a" * 2_000,
        "",
    ],
)
async def test_another_url_is_refused_before_anything_is_sent(url: str) -> None:
    script = Script()

    with pytest.raises(BadRequest, match="must begin with https://") as caught:
        await fetch_document(script, url)

    assert script.asked == []
    assert "password" not in caught.value.message.replace("no password", "")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_follows_a_redirect(status: int) -> None:
    script = Script(status, [(b"location", b"http://169.254.169.254/latest/meta-data")])

    with pytest.raises(BadRequest, match="sends elsewhere, where nobody follows"):
        await fetch_document(script, URL)

    assert len(script.asked) == 1
    assert script.closed == 1


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (Script(404), "'specs.example' answered with the status 404"),
        (Script(204), "answered with the status 204"),
        (Script(headers=[(b"content-encoding", b"gzip")]), "compressed"),
        (Script(body=b"x" * (MAX_BYTES + 1)), "over 16,777,216 bytes"),
    ],
)
async def test_an_answer_that_is_no_document_is_refused(script: Script, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence) as caught:
        await fetch_document(script, URL)

    assert (caught.value.status, caught.value.param) == (422, "url")
    assert script.closed == 1


async def test_an_encoding_that_is_none_passes() -> None:
    assert await fetch_document(Script(headers=[(b"content-encoding", b"Identity ")]), URL) == b"{}"


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.0)
    script = Script()
    script.hangs = True

    with pytest.raises(BadRequest, match="did not send the document within"):
        await fetch_document(script, URL)


PRIVATE = [
    (URL, ["127.0.0.1"]),
    (URL, ["10.1.2.3"]),
    (URL, ["169.254.169.254"]),
    (URL, ["::1"]),
    (URL, ["64:ff9b::a9fe:a9fe"]),
    (URL, ["93.184.215.14", "192.168.0.1"]),
    (URL, []),
    ("https://127.0.0.1/", ["93.184.215.14"]),
    ("https://[::ffff:10.0.0.1]/", ["93.184.215.14"]),
    ("https://2130706433/", ["93.184.215.14"]),
    ("https://0x7f.1/", ["93.184.215.14"]),
    ("https://specs.example\\@127.0.0.1/", ["93.184.215.14"]),
]


@pytest.mark.parametrize(("url", "addresses"), PRIVATE)
async def test_an_address_that_is_not_public_is_never_dialled(
    url: str, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[object] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    async def dial(*args: object, **options: object) -> None:
        dialled.append(args)
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", dial)
    transport = Http1Transport(guard=Guard(resolve))

    with pytest.raises(BadRequest) as caught:
        await fetch_document(transport, url)
    await transport.close()

    assert dialled == []
    assert all(address not in caught.value.message for address in addresses)


async def test_a_public_address_is_dialled_and_no_other_though_the_name_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[object] = []
    turns = iter([["93.184.215.14"], ["127.0.0.1"]])

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(turns)

    async def dial(factory: object, host: str, port: int, **options: object) -> None:
        dialled.append((host, port, options.get("server_hostname")))
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", dial)
    transport = Http1Transport(guard=Guard(resolve))

    for _ in range(2):
        with pytest.raises(BadRequest, match=r"cannot be fetched from 'specs\.example'"):
            await fetch_document(transport, URL)
    await transport.close()

    assert set(dialled) == {("93.184.215.14", 443, "specs.example")}
