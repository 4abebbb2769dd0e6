"""Whether an answer is as its operation says."""

from collections.abc import Sequence

import msgspec

from tollbridge_rest.documents.bodies import base_of, choose_media, is_json
from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.findings import MAX_FINDINGS, Finding
from tollbridge_rest.documents.model import Answer, Operation
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.slotvalues import Checking, check_header, check_json

_BODILESS = frozenset((204, 205, 304))


class Answered(msgspec.Struct, frozen=True, gc=False):
    """An answer.  `headers` have lower-case names; `body` is None where there is none to check, as for HEAD."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes | None = None

    def header(self, name: str) -> list[str]:
        """Give the values of a header."""
        wanted = name.encode("latin-1", "replace")
        return [value.decode("latin-1") for key, value in self.headers if key == wanted]


def answer_of(operation: Operation, status: int) -> Answer | None:
    """Give what an operation says of a status: of itself, of its range, of all others."""
    said = {each.status: each for each in operation.answers}
    return said.get(str(status)) or said.get(f"{status // 100}XX") or said.get("default")


class Responses:
    """Checks answers against one document."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    def check(self, operation: Operation, answered: Answered) -> list[Finding]:
        """Tell what is wrong, at most 20 things; empty where all is right."""
        answer = answer_of(operation, answered.status)
        if answer is None:
            return [Finding("status", f"{answered.status} is not described", 502)]
        try:
            found = [*self._headers(answer, answered), *self._body(answer, answered)]
        except BadDocument as exc:
            return [Finding("document", exc.message, 500)]
        return [msgspec.structs.replace(each, status=502) for each in found[:MAX_FINDINGS]]

    def _headers(self, answer: Answer, answered: Answered) -> list[Finding]:
        found: list[Finding] = []
        for slot in answer.headers:
            found += check_header(slot, answered.header(slot.name), self._checking, Side.RESPONSE)
        return found

    def _body(self, answer: Answer, answered: Answered) -> list[Finding]:
        """A body is checked where the document says what it is; none is asked for where the status has none."""
        data = answered.body
        if data is None or not answer.content or answered.status in _BODILESS:
            return []
        kind = base_of(", ".join(answered.header("content-type")))
        media = choose_media(answer.content, kind)
        if media is None:
            known = ", ".join(each.written for each in answer.content[:10])
            return [Finding("body", f"must be of one of these media types: {known}")]
        return check_json(media, data, self._checking, Side.RESPONSE) if is_json(kind) else []
