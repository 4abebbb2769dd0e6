"""Asking the admin API from a command: what every way there has in common."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tollbridge.cli.output import harmless
from tollbridge.errors import SetupError

JSON = "application/json"
PROBLEM = "application/problem+json"
_NOT_FOUND = 404
_LARGEST_PAGE = 200

Query = Mapping[str, str | int | bool | None]


class Refused(SetupError):
    """The API refused what was asked, in its own words; a command that named what is not there ends with 3."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.exit_code = 3 if status == _NOT_FOUND else 1


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came; names of headers are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """What it says, None where it says nothing; raises `Refused` for a refusal and `SetupError` for no answer."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        if self.status >= 400 and kind == PROBLEM:
            raise _refused(self.status, self._read())
        if not 200 <= self.status <= 299 or (self.body and kind != JSON):
            raise SetupError(f"what answered with status {self.status} is no admin API; look at the URL")
        return self._read() if self.body else None

    def _read(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise SetupError(f"the answer with status {self.status} is no JSON; look at the URL") from None


class Asking(ABC):
    """A way to the admin API.  Paths stand below `api/v1`, such as `/tokens`; all that is asked for is sent once."""

    @abstractmethod
    def send(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Send a request and give its answer, a refusal too; raises `SetupError` where there is none."""

    def ask(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Any:
        """Give what the API answers, as JSON; a `query` may hold None for what is not said.

        Raises `Refused`, a `SetupError` with the API's own sentence, and `SetupError` where there is no answer.
        """
        return self.send(method, path, body, query, headers=headers).value

    def pages(self, path: str, query: Query | None = None) -> Iterator[dict[str, Any]]:
        """Give the pages of a list one after the other, each with `items`; errors as `ask`."""
        asked = dict(query or {})
        while True:
            page: dict[str, Any] = self.ask("GET", path, query=asked)
            yield page
            if not page.get("next"):
                return
            asked["after"] = page["next"]

    def items(self, path: str, query: Query | None = None, *, most: int | None = None) -> Iterator[dict[str, Any]]:
        """Give what is on all pages of a list, `most` at most; errors as `ask`."""
        left = most
        for page in self.pages(path, {"limit": min(_LARGEST_PAGE, left or _LARGEST_PAGE), **(query or {})}):
            yield from page["items"][:left]
            if left is not None:
                left -= len(page["items"])
                if left <= 0:
                    return


def written(query: Query | None) -> str:
    """Write a query as it stands in a URL, without what is None."""
    said = {name: value for name, value in (query or {}).items() if value is not None}
    return urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()})


def _refused(status: int, problem: Any) -> Refused:
    """Give what a problem (RFC 9457) says: each field's own sentence where several are wrong."""
    said: Mapping[str, Any] = problem if isinstance(problem, dict) else {}
    errors = said.get("errors")
    fields = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    told = [": ".join(str(one[part]) for part in ("field", "detail") if one.get(part)) for one in fields]
    text = "; ".join(told) or str(said.get("detail", f"refused with status {status}"))
    return Refused(harmless(text), status=status, code=str(said.get("code", "")))
