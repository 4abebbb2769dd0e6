"""Answers of the Responses API that callers come back to by an id.

https://platform.openai.com/docs/api-reference/responses (get, delete, cancel, input-items) and
https://platform.openai.com/docs/guides/conversation-state, read 2026-11: an answer is kept unless `store` is false, for
30 days; `instructions` of an earlier request do not carry over; only an answer in the background can be cancelled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

import msgspec

from tollbridge import BadRequest, GatewayError, NotFound
from tollbridge.formats import UNREADABLE, Given, Keeping, Turn, Wish, read_fields, splice

_MOST_ITEMS, _USUAL_ITEMS = 100, 20
_WEIGHTY = re.compile(rb'"(input)"[ \t\n\r]*:')
_REFERENCE = "item_reference"
_WHOLE = ("completed", "incomplete")

Raw = msgspec.Raw


class _Item(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    role: str | None = None
    encrypted_content: str | None = None

    @property
    def refers(self) -> bool:
        """Whether it stands for an item of an earlier answer."""
        return self.type == _REFERENCE or (self.type is None and self.role is None and self.id is not None)


class _Body(msgspec.Struct):
    input: str | list[Raw] | None = None


class _Answer(msgspec.Struct):
    id: str = ""
    status: str | None = None
    output: list[Raw] = []


_read_body = msgspec.json.Decoder(_Body).decode
_read_answer = msgspec.json.Decoder(_Answer).decode
_read_item = msgspec.json.Decoder(_Item).decode
_read_items = msgspec.json.Decoder(list[Raw]).decode
_write = msgspec.json.Encoder().encode


def wish_of(body: bytes, *, store: bool | None, before: str | None) -> Wish:
    """Give what a request says of kept answers; the items it refers to are looked for where an id stands in it."""
    items: list[str] = []
    if b'"id"' in body:
        listed = _listed(read_fields(body, _read_body, _WEIGHTY))
        items = [item.id for item in map(_item, listed) if item.refers and item.id]
    return Wish(store is not False, before or "", tuple(items))


class ResponsesKeeping:
    """How the Responses API names its answers."""

    def given(self, answer: bytes) -> Given:
        try:
            found = _read_answer(answer)
        except UNREADABLE:
            return Given("", whole=False)
        return Given(found.id, whole=found.status in _WHOLE)

    def asked(self, body: bytes, call_id: str) -> bytes:
        try:
            said = _read_body(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):  # one that a provider took all the same
            said = _Body()
        if isinstance(said.input, str):
            words = {"type": "input_text", "text": said.input}
            items = [_write({"type": "message", "role": "user", "status": "completed", "content": [words]})]
        else:
            items = [bytes(item) for item in said.input or ()]
        own = [(place, item) for place, item in enumerate(items) if not _item(Raw(item)).refers]
        return _joined([_named(item, f"{call_id}_{place}") for place, item in own])

    def ids(self, turn: Turn) -> Sequence[str]:
        return tuple(_by_id(turn))

    def recalled(self, body: bytes, thread: Sequence[Turn], others: Sequence[Turn]) -> bytes:
        known: dict[str, bytes] = {}
        for turn in (*others, *thread):
            known |= _by_id(turn)
        before = [item for turn in thread for item in (*_read_items(turn.asked), *_read_answer(turn.answer).output)]
        asked = read_fields(body, _read_body, _WEIGHTY)
        if isinstance(asked.input, str):
            own = [_write({"role": "user", "content": asked.input})]
        else:
            own = [meant for item in asked.input or () if (meant := _meant(item, known))]
        said = [bytes(item) for item in before if _says(item)]
        return splice(body, {"input": _joined([*said, *own])}, drop=("previous_response_id",))

    def shown(self, action: str, id: str, turn: Turn, query: bytes) -> bytes:
        return _SHOWN[action](id, turn, parse_qs(query.decode("latin-1"), keep_blank_values=True))

    def unknown(self, id: str) -> GatewayError:
        return NotFound(f"Response with id {id[:200]!r} not found.", param="response_id")

    def unknown_before(self, wish: Wish) -> GatewayError:
        found = f"Previous response with id {wish.before[:200]!r} not found."
        return BadRequest(found, code="previous_response_not_found", param="previous_response_id")

    def kept_elsewhere(self, wish: Wish, model: str) -> GatewayError:
        param = "previous_response_id" if wish.before else "input"
        return BadRequest(
            f"the provider of {model!r} does not know the earlier answer that {param!r} refers to, and its content is "
            "not kept here; send the conversation itself and set 'store' to false, or ask the operator to set keep in "
            "the section [answers]",
            code="previous_response_not_found",
            param=param,
        )


def _listed(asked: _Body) -> list[Raw]:
    return asked.input if isinstance(asked.input, list) else []


def _item(item: Raw) -> _Item:
    """Read what of an item says which it is; one that cannot be read is left to who reads it whole."""
    try:
        return _read_item(item)
    except UNREADABLE:
        return _Item("unknown")


def _named(item: bytes, mark: str) -> bytes:
    """Give an item that was asked an id, and its type, as OpenAI lists it."""
    said = _item(Raw(item))
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
    items = (*_read_items(turn.asked), *_read_answer(turn.answer).output)
    return {id: bytes(item) for item in items if (id := _item(item).id)}


def _meant(item: Raw, known: Mapping[str, bytes]) -> bytes:
    """Give the item that a reference stands for, nothing for one that says nothing, any other as it is."""
    said = _item(item)
    if not said.refers:
        return bytes(item)
    found = known.get(said.id or "")
    if found is None:
        raise BadRequest(f"Item with id {(said.id or '')[:200]!r} not found.", param="input")
    return found if _says(Raw(found)) else b""


def _says(item: Raw) -> bool:
    """Whether an item says something where nobody kept it: reasoning by its id alone does not."""
    said = _item(item)
    return said.type != "reasoning" or said.encrypted_content is not None


def _joined(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


Query = Mapping[str, Sequence[str]]


def _retrieve(id: str, turn: Turn, query: Query) -> bytes:
    if _last(query, "stream", "false") == "true":
        raise BadRequest("this answer cannot be streamed again; leave 'stream' out", param="stream")
    return turn.answer


def _delete(id: str, turn: Turn, query: Query) -> bytes:
    return _write({"id": id, "object": "response", "deleted": True})


def _cancel(id: str, turn: Turn, query: Query) -> bytes:
    raise BadRequest("Cannot cancel a synchronous response.", param="response_id")


def _list_items(id: str, turn: Turn, query: Query) -> bytes:
    items = list(_read_items(turn.asked))
    order, after, limit = _last(query, "order", "desc"), _last(query, "after", ""), _limit(query)
    if order not in ("asc", "desc"):
        raise BadRequest("'order' must be asc or desc", param="order")
    if order == "desc":
        items.reverse()
    ids = [_item(item).id or "" for item in items]
    begin = 0
    if after:
        if after not in ids:
            raise BadRequest(f"Item with id {after[:200]!r} not found.", param="after")
        begin = ids.index(after) + 1
    shown, named = items[begin : begin + limit], ids[begin : begin + limit]
    return _write(
        {
            "object": "list",
            "data": shown,
            "first_id": named[0] if named else "",
            "last_id": named[-1] if named else "",
            "has_more": begin + limit < len(items),
        }
    )


def _limit(query: Query) -> int:
    text = _last(query, "limit", str(_USUAL_ITEMS))
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= _MOST_ITEMS:
        raise BadRequest(f"'limit' must be a number from 1 to {_MOST_ITEMS}", param="limit")
    return int(text)


def _last(query: Query, name: str, otherwise: str) -> str:
    return query.get(name, (otherwise,))[-1]


_SHOWN: Mapping[str, Callable[[str, Turn, Query], bytes]] = {
    "retrieve": _retrieve,
    "delete": _delete,
    "cancel": _cancel,
    "items": _list_items,
}

_: type[Keeping] = ResponsesKeeping
