"""A block that is there all at once, in the events of a stream: what a model writes bit by bit comes as a delta."""

from collections.abc import Callable, Mapping

from tollbridge.formats import JSON, encode_json
from tollbridge_bedrock.frames import write_event


def write_members(kind: str, /, **members: JSON) -> bytes:
    """Write one event of a stream."""
    return write_event(kind, encode_json(members))


def whole_block(block: Mapping[str, JSON], index: int) -> bytes:
    """Write a block as its start, its delta if it has any, and its stop."""
    name, add = next(((name, add) for name, add in _PIECES.items() if isinstance(block.get(name), dict)), ("", None))
    start, delta = block, None
    if add is not None:
        inner, delta = add(dict(block[name]))
        start = {**block, name: inner}
    at = {"contentBlockIndex": index}
    told = b"" if delta is None else write_members("contentBlockDelta", delta={name: delta}, **at)
    return write_members("contentBlockStart", start=start, **at) + told + write_members("contentBlockStop", **at)


def _use_pieces(inner: dict[str, JSON]) -> tuple[JSON, JSON]:
    given = inner.pop("input", {})
    return inner, {"input": encode_json(given).decode("utf-8")}


def _result_pieces(inner: dict[str, JSON]) -> tuple[JSON, JSON]:
    return inner, inner.pop("content", [])


def _image_pieces(inner: dict[str, JSON]) -> tuple[JSON, JSON]:
    return inner, {"source": inner.pop("source", {})}


_PIECES: Mapping[str, Callable[[dict[str, JSON]], tuple[JSON, JSON]]] = {
    "toolUse": _use_pieces,
    "toolResult": _result_pieces,
    "image": _image_pieces,
}
