"""An answer on its way to the caller: as it comes, or whole where it is changed, held against the document or kept."""

from dataclasses import dataclass

from starlette.types import Send

from tollbridge import UpstreamError
from tollbridge_rest.cachedanswers import Collecting
from tollbridge_rest.definition import Route
from tollbridge_rest.exchange import Answer
from tollbridge_rest.headers import Headers, edit_headers, headers_down, without_marks_of_the_bytes
from tollbridge_rest.jsonbodies import JsonEdit, is_json, read_json, write_json

MOST_READ = 16 * 1024 * 1024
"""Bytes of an answer that are read as a whole to be changed or checked."""
WITHOUT_BODY = frozenset((204, 205, 304))


class BrokenOff(Exception):
    """An answer that has begun cannot be ended: what was sent must not look whole."""


@dataclass(frozen=True, slots=True)
class Head:
    """An answer's head for the caller.  `length` is None where it is not known."""

    status: int
    headers: Headers
    length: int | None


def head_of(answer: Answer, route: Route) -> Head:
    """Give what the caller gets of a head, as the route changes it; raises `UpstreamError` for an answer too large."""
    edit = route.response
    status = edit.status.get(str(answer.status), answer.status)
    headers = edit_headers(headers_down(answer.headers, cookies=edit.cookies), edit.headers)
    said = next((value for name, value in answer.headers if name == b"content-length"), None)
    length = int(said) if said is not None else None
    if length is not None and length > route.max_answer_bytes:
        raise too_large(route.max_answer_bytes)
    return Head(status, headers, length)


def too_large(most: int) -> UpstreamError:
    """Say that an answer is over its bound."""
    return UpstreamError(f"the upstream's answer is over {most} bytes, which is the most this operation gives")


async def read_whole(answer: Answer, most: int) -> bytes:
    """Read an answer to its end; raises `UpstreamError` over `most` bytes, `LineBroken` where it breaks off."""
    parts, size = [], 0
    async for chunk in answer.chunks():
        size += len(chunk)
        if size > most:
            raise too_large(most)
        parts.append(chunk)
    return b"".join(parts)


def is_encoded(headers: Headers) -> bool:
    """Whether a body is compressed, so that nobody here can read it."""
    return any(name == b"content-encoding" and value.lower() not in (b"", b"identity") for name, value in headers)


def edited(body: bytes, headers: Headers, edit: JsonEdit) -> tuple[bytes, Headers]:
    """Give an answer's body as the route changes it; one that is no JSON stays as it is.

    Raises `UpstreamError` for one that cannot be changed: what a route takes out must not get out.
    """
    kind = next((value.decode("latin-1") for name, value in headers if name == b"content-type"), "")
    if not body or not is_json(kind):
        return body, headers
    if is_encoded(headers):
        raise UpstreamError("the upstream's answer is compressed, so the route cannot change it")
    try:
        return write_json(edit.apply(read_json(body))), without_marks_of_the_bytes(headers)
    except ValueError as exc:
        raise UpstreamError("the upstream's answer cannot be changed as the route says", detail=str(exc)) from None


async def send_whole(send: Send, status: int, headers: Headers, body: bytes, *, bodiless: bool) -> None:
    """Send an answer that is all here.  `bodiless`: to a HEAD, which is told how long it would be."""
    if status not in WITHOUT_BODY:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    sent = b"" if bodiless or status in WITHOUT_BODY else body
    await send({"type": "http.response.body", "body": sent, "more_body": False})


async def send_on(
    send: Send, head: Head, answer: Answer, route: Route, *, bodiless: bool, keeps: Collecting | None = None
) -> None:
    """Send an answer as it comes, and have it kept on the way; raises `BrokenOff` for one over the route's bound."""
    headers, empty = head.headers, head.status in WITHOUT_BODY
    if head.length is not None and not empty:
        headers = [*headers, (b"content-length", b"%d" % head.length)]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    size = 0
    async for chunk in answer.chunks():
        size += len(chunk)
        if size > route.max_answer_bytes:
            raise BrokenOff(f"the answer is over {route.max_answer_bytes} bytes")
        if bodiless or empty:
            break
        if keeps is not None:
            keeps.add(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    else:
        if keeps is not None:
            keeps.end()
    await send({"type": "http.response.body", "body": b"", "more_body": False})
