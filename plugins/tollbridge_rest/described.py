"""What a service's document says of a call: what is wrong with it, and what could be answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tollbridge import BadRequest, Unavailable
from tollbridge_rest.documents.accepting import read_prefer
from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.findings import Finding
from tollbridge_rest.documents.mocking import Mocked, Mocks
from tollbridge_rest.documents.model import Document
from tollbridge_rest.documents.paths import Found, Paths
from tollbridge_rest.documents.requests import Asked as AskedOfDocument
from tollbridge_rest.documents.requests import Requests
from tollbridge_rest.documents.responses import Answered, Responses
from tollbridge_rest.documents.slotvalues import Checking
from tollbridge_rest.headers import Headers
from tollbridge_rest.templates import ESCAPED

_UNKNOWN = Finding("path", "is no operation of the service's document", 404)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as the document knows it.  `path` is that of `find`; `body` is None where it was not read."""

    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes | None = None


class Described:
    """A document as calls are held against it.  `supplied` are headers that upstreams get from the gateway."""

    def __init__(self, document: Document, supplied: Collection[str] = ()) -> None:
        checking = Checking.of(document)
        self._paths = Paths(document.operations)
        self._requests = Requests(checking, supplied=supplied)
        self._responses = Responses(checking)
        self._mocks = Mocks(document)

    def wrong_request(self, asked: Asked) -> Sequence[Finding]:
        """Say what is wrong with a request."""
        found = self._find(asked)
        if found is None:
            return [_UNKNOWN]
        shown = AskedOfDocument(found.values, asked.query, asked.headers, asked.body)
        return self._requests.check(found.operation, shown)

    def wrong_answer(self, asked: Asked, status: int, headers: Headers, body: bytes) -> Sequence[Finding]:
        """Say what is wrong with an answer to it."""
        found = self._find(asked)
        return [_UNKNOWN] if found is None else self._responses.check(found.operation, Answered(status, headers, body))

    def made_up(self, asked: Asked) -> Mocked:
        """Make up an answer; raises `BadRequest` for a wish that cannot be met, `Unavailable` where there is none."""
        found = self._find(asked)
        if found is None:
            raise BadRequest("this is no operation of the service's document", status=404, code="not_found")
        accept = ", ".join(_values(asked.headers, b"accept"))
        try:
            return self._mocks.answer(found.operation, accept, read_prefer(_values(asked.headers, b"prefer")))
        except BadDocument as exc:
            raise Unavailable("no answer can be made up for this", code="mock_missing", detail=exc.message) from None

    def _find(self, asked: Asked) -> Found | None:
        escaped = ESCAPED in asked.path  # and then it holds no other percent sign
        return self._paths.find(asked.method, asked.path, encoded=escaped)


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]
