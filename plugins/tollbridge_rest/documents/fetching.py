"""A document fetched from a URL that an administrator gave: over the gateway's guarded transport, and once.

That resolves the name, checks each address and dials the one it checked (T27); it follows no redirect and sends nothing
of the gateway's. What is said of a failure is the same for an address that refuses and one that may not be dialled.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from tollbridge import BadRequest, UpstreamError, UpstreamRequest
from tollbridge_rest.documents.bounds import MAX_BYTES, shown

PATIENCE_S = 30.0
MAX_URL = 2_000
_HEADERS = (
    (b"accept", b"application/json, application/yaml, text/yaml, */*;q=0.1"),
    (b"accept-encoding", b"identity"),
    (b"user-agent", b"tollbridge"),
)


class Answer(Protocol):
    """An answer whose head has arrived."""

    status: int
    headers: list[tuple[bytes, bytes]]

    async def read(self, limit: int) -> bytes:
        """Read the body; raises `UpstreamError` over `limit` bytes."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Sends(Protocol):
    """What of the gateway's transport is needed here."""

    async def send(self, request: UpstreamRequest) -> Answer:
        """Send a request and wait for the head of its answer."""
        ...


async def fetch_document(transport: Sends, url: str, *, private: bool = False) -> bytes:
    """Fetch the bytes of a document; raises `BadRequest` with a sentence that says what to do.

    It takes 30 seconds at most, and 16 MiB. `private`: it may be at a private address, and there without TLS.
    """
    host = _host(url, ("https", "http") if private else ("https",))
    request = UpstreamRequest("GET", url, _HEADERS, b"", private, tls_outside=True)
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await transport.send(request)
            try:
                return await _read(answer, host)
            finally:
                await answer.close()
    except TimeoutError:
        raise _refused(f"{shown(host)} did not send the document within {PATIENCE_S:.0f} s") from None
    except UpstreamError as exc:
        raise _refused(
            f"the document cannot be fetched from {shown(host)}: it cannot be reached, its address is not public, it "
            f"broke off, or it sent over {MAX_BYTES:,} bytes; send the document itself",
            exc.detail or exc.message,
        ) from exc


async def _read(answer: Answer, host: str) -> bytes:
    if 300 <= answer.status < 400:
        raise _refused(f"{shown(host)} sends elsewhere, where nobody follows; give the URL of the document itself")
    if answer.status != 200:
        raise _refused(f"{shown(host)} answered with the status {answer.status}")
    if _header(answer.headers, b"content-encoding") not in (b"", b"identity"):
        raise _refused(f"{shown(host)} sent the document compressed, though it was asked not to")
    return await answer.read(MAX_BYTES)


def _host(url: str, schemes: Collection[str]) -> str:
    """Give the host of a URL that may be asked; raises `BadRequest`.  The transport looks closer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if len(url) > MAX_URL or parts.scheme not in schemes or not host or "@" in parts.netloc:
        raise _refused("the URL of a document must begin with https:// and hold no user and no password")
    return host


def _header(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value.strip().lower() for key, value in headers if key == name), b"")


def _refused(sentence: str, detail: str | None = None) -> BadRequest:
    return BadRequest(sentence, status=422, code="document_not_fetched", param="url", detail=detail)
