"""What callers get who come back to an answer that is kept here.

https://platform.openai.com/docs/api-reference/responses (get, delete, cancel, input-items), read 2026-11.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

import msgspec

from tollbridge import BadRequest
from tollbridge.formats import Turn
from tollbridge_openai.responses_named import item_of, read_items

_MOST_ITEMS, _USUAL_ITEMS = 100, 20

_write = msgspec.json.Encoder().encode
Query = Mapping[str, Sequence[str]]


def shown(action: str, id: str, turn: Turn, query: bytes) -> bytes:
    """Write the answer to a request about an answer; raises `BadRequest`."""
    return _SHOWN[action](id, turn, parse_qs(query.decode("latin-1"), keep_blank_values=True))


def _retrieve(id: str, turn: Turn, query: Query) -> bytes:
    if _last(query, "stream", "false") == "true":
        raise BadRequest("this answer cannot be streamed again; leave 'stream' out", param="stream")
    return turn.answer


def _delete(id: str, turn: Turn, query: Query) -> bytes:
    return _write({"id": id, "object": "response", "deleted": True})


def _cancel(id: str, turn: Turn, query: Query) -> bytes:
    raise BadRequest("Cannot cancel a synchronous response.", param="response_id")


def _list_items(id: str, turn: Turn, query: Query) -> bytes:
    items = list(read_items(turn.asked))
    order, after, limit = _last(query, "order", "desc"), _last(query, "after", ""), _limit(query)
    if order not in ("asc", "desc"):
        raise BadRequest("'order' must be asc or desc", param="order")
    if order == "desc":
        items.reverse()
    ids = [item_of(item).id or "" for item in items]
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
