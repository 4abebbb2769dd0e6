"""Answers made up of what a document says: its examples, or values made of its schemas."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tollbridge import BadRequest
from tollbridge_rest.documents.accepting import Preferred, accepted
from tollbridge_rest.documents.bodies import base_of, is_json
from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.model import Answer, Document, Example, Media, Operation, Parameter
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.responses import answer_of
from tollbridge_rest.documents.sampling import sample
from tollbridge_rest.documents.schemas import Schemas

MAX_BYTES = 1024 * 1024
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,100}")
_RESERVED = frozenset(("connection", "content-length", "content-type", "date", "set-cookie", "transfer-encoding"))


class Mocked(msgspec.Struct, frozen=True, gc=False):
    """A made-up answer.  `headers` have lower-case names, the content type among them."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Mocks:
    """Makes up answers for one document.  The same call gets the same answer."""

    def __init__(self, document: Document) -> None:
        self._schemas = Schemas(Refs(document.raw), old=document.old)

    def answer(self, operation: Operation, accept: str = "", prefer: Preferred | None = None) -> Mocked:
        """Make up an answer.

        Without a wish it is the first success that is described. Raises `BadRequest` for a wish that the document does
        not know, with status 406 for a media type, and `BadDocument` where it cannot be made.
        """
        prefer = prefer or Preferred()
        status, answer = _chosen(operation, prefer)
        headers = tuple(self._headers(answer))
        if not answer.content:
            if prefer.example:
                raise _no_example(prefer.example, ())
            return Mocked(status, headers)
        media = accepted(answer.content, accept)
        if media is None:
            kinds = ", ".join(each.written for each in answer.content[:20])
            raise BadRequest(
                f"no media type of {shown(accept)} is offered; offered: {kinds}",
                status=406,
                code="not_acceptable",
                param="accept",
            )
        body = self._body(media, prefer)
        kind = _content_type(media)
        return Mocked(status, ((b"content-type", kind.encode("ascii")), *headers), body)

    def _body(self, media: Media, prefer: Preferred) -> bytes:
        example = _example(media, prefer)
        if example is None:
            value, written = sample(media.schema, self._schemas), False
        else:
            value, written = example.value, example.written
        body = _encoded(value, json=is_json(base_of(_content_type(media))) and not written)
        if len(body) > MAX_BYTES:
            raise BadDocument(f"the example has over {MAX_BYTES:,} bytes")
        return body

    def _headers(self, answer: Answer) -> Iterator[tuple[bytes, bytes]]:
        """Give the headers that must be there, or have an example; one that HTTP cannot carry is left out."""
        for slot in answer.headers:
            if slot.name in _RESERVED or not _NAME.fullmatch(slot.name):
                continue
            value = self._header(slot)
            if value is not None and _VALUE.fullmatch(value):
                yield slot.name.encode("ascii"), value.encode("ascii")

    def _header(self, slot: Parameter) -> str | None:
        examples = slot.examples or (slot.media.examples if slot.media is not None else ())
        if examples:
            value = examples[0].value
        elif slot.required:
            value = sample(slot.schema if slot.media is None else slot.media.schema, self._schemas)
        else:
            return None
        return _simple(value, slot.explode)


def _chosen(operation: Operation, prefer: Preferred) -> tuple[int, Answer]:
    """Choose the status and what is said of it."""
    said = ", ".join(each.status for each in operation.answers) or "none"
    if prefer.code is not None:
        answer = answer_of(operation, prefer.code)
        if answer is None:
            raise BadRequest(f"no answer with the status {prefer.code} is described; described: {said}", param="prefer")
        return prefer.code, answer
    if not operation.answers:
        raise BadDocument(f"{operation.method} {shown(operation.path)} has no answers that could be made up")
    order = sorted(operation.answers, key=lambda each: each.status)
    success = [each for each in order if each.status.startswith("2")]
    default = [each for each in order if each.status == "default"]
    answer = (success or default or order)[0]
    return (200 if answer.status == "default" else int(answer.status.replace("XX", "00"))), answer


def _example(media: Media, prefer: Preferred) -> Example | None:
    if prefer.example:
        found = [each for each in media.examples if each.name == prefer.example]
        if not found:
            raise _no_example(prefer.example, [each.name for each in media.examples if each.name])
        return found[0]
    return media.examples[0] if media.examples and not prefer.made else None


def _no_example(name: str, known: Any) -> BadRequest:
    names = ", ".join(list(known)[:20]) or "none"
    return BadRequest(f"there is no example {shown(name)}; known: {names}", param="prefer")


_OF_RANGES = {"*/*": "application/json", "application/*": "application/json", "text/*": "text/plain"}


def _content_type(media: Media) -> str:
    """Give a media type that can be sent for one that may be a range."""
    if "*" in media.type:
        return _OF_RANGES.get(media.type, "application/octet-stream")
    return media.written if _VALUE.fullmatch(media.written) else media.type


def _encoded(value: Any, *, json: bool) -> bytes:
    if json or not isinstance(value, str):
        return msgspec.json.encode(value)
    return value.encode("utf-8")


def _simple(value: Any, explode: bool) -> str:
    """Write a value in the style of headers."""
    if isinstance(value, list):
        return ",".join(_simple(each, explode) for each in value)
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{key}{between}{_simple(each, explode)}" for key, each in value.items())
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
