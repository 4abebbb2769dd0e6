"""An answer on its way to the caller while it comes.

As `text/event-stream` it is events of our own, each with JSON for data:

    event: delta    {"text": "..."}                  the next words
    event: reset    {"errors": ["..."]}              all words so far are void: the model is asked anew
    event: result   {"output": ..., "attempts": 1, "usage": {...}, "cost_usd": "..."}   the answer; the end
    event: error    a problem (RFC 9457)             there is no answer; the end

Comments between them show that the model is still at it. Only `result` was held against the schema. As plain text it is
the words alone, and there is no second try once some are sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Send

from tollbridge import GatewayError
from tollbridge_prompts import jsontext
from tollbridge_prompts.asking import Spent
from tollbridge_prompts.problems import problem_of, shown_spent
from tollbridge_prompts.running import Result

_ALIVE = b":\n\n"


class Body:
    """A body that is sent piece by piece; its head goes with the first."""

    def __init__(self, send: Send, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def write(self, chunk: bytes, *, more: bool = True) -> None:
        """Send a piece."""
        if not self.begun:
            self.begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(self._headers)})
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})


class Trimmed:
    """Takes the blanks around a text away while its pieces come."""

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self._begun = False
        self._held: list[str] = []

    def take(self, text: str) -> str:
        """Give what may go on of the text so far."""
        if self._exact:
            return text
        kept = text if self._begun else text.lstrip()
        ready = kept.rstrip()
        if not ready:
            if self._begun:
                self._held.append(kept)
            return ""
        self._begun = True
        held, self._held = self._held, [kept[len(ready) :]]
        return "".join((*held, ready))


class EventsOut:
    """Writes the events; a `Listener`."""

    def __init__(self, body: Body, trimmed: Trimmed) -> None:
        self._body = body
        self._trimmed = trimmed

    async def piece(self, text: str) -> bool:
        if said := self._trimmed.take(text):
            await self._body.write(event("delta", {"text": said}))
        return bool(said)

    async def void(self, wrong: tuple[str, ...]) -> None:
        await self._body.write(event("reset", {"errors": list(wrong)}))

    async def alive(self) -> None:
        await self._body.write(_ALIVE)

    async def end(self, result: Result) -> None:
        """Send the answer."""
        await self._body.write(event("result", shown_result(result)), more=False)

    async def fail(self, error: GatewayError) -> None:
        """Say why there is none; as an answer of its own where nothing was sent yet."""
        if not self._body.begun:
            raise error
        await self._body.write(event("error", problem_of(error)), more=False)


class WordsOut:
    """Writes the words alone; a `Listener`.  A text fits as soon as it has a word, so none that was sent is void."""

    def __init__(self, body: Body, trimmed: Trimmed) -> None:
        self._body = body
        self._trimmed = trimmed

    async def piece(self, text: str) -> bool:
        if said := self._trimmed.take(text):
            await self._body.write(said.encode("utf-8"))
        return bool(said)

    async def void(self, wrong: tuple[str, ...]) -> None:
        """Nothing was sent yet."""

    async def alive(self) -> None:
        """Nothing can be sent that is no word."""

    async def end(self, result: Result) -> None:
        """End it."""
        await self._body.write(b"", more=False)

    async def fail(self, error: GatewayError) -> None:
        """Break it off: there are no words for an error."""
        raise error


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Write one event; its data have no line breaks, for JSON escapes them."""
    return f"event: {name}\ndata: {jsontext.write(data)}\n\n".encode()


def shown_result(result: Result) -> dict[str, Any]:
    """Write an answer with what it took."""
    shown = {"output": result.value, **shown_spent(Spent(result.attempts, result.usage, result.cost))}
    if result.stop is not None:
        shown["stop"] = str(result.stop)
    if result.dropped:
        shown["dropped"] = list(result.dropped)
    return shown
