"""Answers of the Responses API that callers come back to by an id.

https://platform.openai.com/docs/api-reference/responses (get, delete, cancel, input-items) and
https://platform.openai.com/docs/guides/conversation-state, read 2026-11: an answer is kept unless `store` is false, for
30 days; `instructions` of an earlier request do not carry over; only an answer in the background can be cancelled.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, NotFound
from tollbridge.formats import UNREADABLE, Given, Keeping, Turn, Wish, read_fields, splice
from tollbridge_openai.responses_named import MOST_ITEMS, Raw, item_of, pointing, read_items
from tollbridge_openai.responses_shown import shown

_WEIGHTY = re.compile(rb'"(input)"[ \t\n\r]*:')
_WHOLE = ("completed", "incomplete")


class _Body(msgspec.Struct):
    input: str | list[Raw] | None = None


class _Answer(msgspec.Struct):
    id: str = ""
    status: str | None = None
    output: list[Raw] = []


_read_body = msgspec.json.Decoder(_Body).decode
_read_answer = msgspec.json.Decoder(_Answer).decode
_write = msgspec.json.Encoder().encode


def wish_of(body: bytes, *, store: bool | None, before: str | None, lasts: bool) -> Wish:
    """Give what a request says of kept answers; the items it points to are looked for where an id stands in it."""
    items: tuple[str, ...] = ()
    echoed: tuple[str, ...] = ()
    if b'"id"' in body or b"\\u00" in body:
        asked = read_fields(body, _read_body, _WEIGHTY).input
        items, echoed = pointing(asked if isinstance(asked, list) else ())
    return Wish(store is not False, before or "", items, echoed, lasts)


class ResponsesKeeping:
    """How the Responses API names its answers."""

    def given(self, answer: bytes) -> Given:
        try:
            found = _read_answer(answer)
        except UNREADABLE:
            return Given("", whole=False)
        return Given(found.id, whole=found.status in _WHOLE)

    def asked(self, body: bytes, call_id: str) -> bytes | None:
        try:
            said = _read_body(body)
        except UNREADABLE:  # one that a provider took all the same
            said = _Body()
        if isinstance(said.input, str):
            words = {"type": "input_text", "text": said.input}
            items = [_write({"type": "message", "role": "user", "status": "completed", "content": [words]})]
        else:
            items = [bytes(item) for item in said.input or ()]
        if len(items) > MOST_ITEMS:
            return None
        own = [(place, item) for place, item in enumerate(items) if not item_of(item).refers]
        return _joined([_named(item, f"{call_id}_{place}") for place, item in own])

    def ids(self, turn: Turn, call_id: str) -> Sequence[str]:
        made = re.compile(rf"[a-z]+_{re.escape(call_id)}_[0-9]+")
        asked = [id for item in read_items(turn.asked) if (id := item_of(item).id) and made.fullmatch(id)]
        return (*asked, *(id for item in _read_answer(turn.answer).output if (id := item_of(item).id)))

    def recalled(self, body: bytes, thread: Sequence[Turn], others: Sequence[Turn]) -> bytes:
        known: dict[str, bytes] = {}
        for turn in others:
            known |= _by_id(turn)
        before = [item for turn in thread for item in (*read_items(turn.asked), *_read_answer(turn.answer).output)]
        asked = read_fields(body, _read_body, _WEIGHTY)
        if isinstance(asked.input, str):
            own = [_write({"role": "user", "content": asked.input})]
        else:
            own = [meant for item in asked.input or () if (meant := self._meant(item, known))]
        said = [bytes(item) for item in before if item_of(item).says]
        return splice(body, {"input": _joined([*said, *own])}, drop=("previous_response_id",))

    def _meant(self, item: Raw, known: Mapping[str, bytes]) -> bytes:
        """Give the item that a reference stands for, nothing for one that says nothing, any other as it is."""
        said = item_of(item)
        if not said.refers:
            return bytes(item)
        found = known.get(said.id or "")
        if found is None:
            raise self.unknown_item(said.id or "")
        return found if item_of(found).says else b""

    def shown(self, action: str, id: str, turn: Turn, query: bytes) -> bytes:
        return shown(action, id, turn, query)

    def unknown(self, id: str) -> GatewayError:
        return NotFound(f"Response with id {id[:200]!r} not found.", param="response_id")

    def unknown_before(self, wish: Wish) -> GatewayError:
        found = f"Previous response with id {wish.before[:200]!r} not found."
        return BadRequest(found, code="previous_response_not_found", param="previous_response_id")

    def unknown_item(self, id: str) -> GatewayError:
        return BadRequest(f"Item with id {id[:200]!r} not found.", param="input")

    def kept_elsewhere(self, wish: Wish, model: str) -> GatewayError:
        param = "previous_response_id" if wish.before else "input"
        return BadRequest(
            f"the provider of {model!r} does not know the earlier answer that {param!r} refers to, and its content is "
            "not kept here; send the conversation itself and set 'store' to false, or ask the operator to set keep in "
            "the section [answers]",
            code="previous_response_not_found",
            param=param,
        )


def _named(item: bytes, mark: str) -> bytes:
    """Give an item that was asked an id, and its type, as OpenAI lists it."""
    said = item_of(item)
    kind = said.type or "message"
    named = {} if said.id else {"id": _write(f"{_PREFIXES.get(kind, 'item')}_{mark}")}
    try:
        return splice(item, named if said.type else {**named, "type": b'"message"'})
    except GatewayError:  # one that no provider could read either
        return item


_PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
}


def _by_id(turn: Turn) -> dict[str, bytes]:
    items = (*read_items(turn.asked), *_read_answer(turn.answer).output)
    return {id: bytes(item) for item in items if (id := item_of(item).id)}


def _joined(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


_: type[Keeping] = ResponsesKeeping
