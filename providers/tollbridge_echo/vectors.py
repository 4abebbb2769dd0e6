"""Embeddings: texts with words in common lie near each other, and the same text is always in the same place.

Each word has a direction from its hash, and a text is the sum of its words, of length 1.
"""

import math
import re
import struct
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import shake_256
from typing import Any

from tollbridge_echo.asked import read_model
from tollbridge_echo.plans import Plan, refusal_plan, whole_plan
from tollbridge_echo.refusals import Refusal

DIMENSIONS = 8
_MOST = 4_096
_MOST_NUMBERS = 4_000_000
"""Of the directions of all words, and of all vectors together."""
_WORD = re.compile(r"\w+")


def plan_embeddings(body: Mapping[str, Any]) -> Plan:
    """Plan the answer to an embeddings request; raises `Refusal` for one that cannot be read."""
    model, script = read_model(body)
    if script.status is not None:
        said = script.text if script.text is not None else f"the script refuses this request with {script.status}"
        return refusal_plan(Refusal(said, status=script.status, retry_after_s=script.retry_after), script)
    texts = _inputs(body.get("input"))
    encoding = body.get("encoding_format", "float")
    if encoding not in ("float", "base64"):
        raise Refusal("the field 'encoding_format' must be float or base64", param="encoding_format")
    size = body.get("dimensions") or script.dimensions or DIMENSIONS
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= _MOST:
        raise Refusal(f"the field 'dimensions' must be a whole number from 1 to {_MOST}", param="dimensions")
    words = [_WORD.findall(text.casefold()) or [""] for text in texts]
    if size * sum(map(len, words)) > _MOST_NUMBERS:
        said = f"the words times the dimensions are more than {_MOST_NUMBERS}"
        raise Refusal(said, param="input", code="context_length_exceeded")
    data = [
        {"object": "embedding", "index": place, "embedding": _shown(vector_of(each, size), str(encoding))}
        for place, each in enumerate(words)
    ]
    told = script.usage[0] if script.usage else sum(len(text.split()) for text in texts)
    usage = {} if script.usage == () else {"usage": {"prompt_tokens": told, "total_tokens": told}}
    return whole_plan({"object": "list", "data": data, "model": model, **usage}, script)


def _inputs(given: object) -> list[str]:
    """Give the texts; tokens are texts of their numbers."""
    listed: list[Any] = given if isinstance(given, list) else [given]
    if listed and all(isinstance(item, int) for item in listed):
        listed = [listed]
    if not listed or not all(_is_input(item) for item in listed):
        raise Refusal("the field 'input' must be a text, a list of texts, or lists of tokens", param="input")
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in listed]


def _is_input(item: object) -> bool:
    return isinstance(item, str) or (isinstance(item, list) and all(isinstance(token, int) for token in item))


def vector_of(words: Sequence[str], size: int) -> tuple[float, ...]:
    """Give the vector of a text: 32-bit floats, of length 1."""
    added = [0] * size
    for word in words:
        added = [one + other for one, other in zip(added, _direction(word, size), strict=True)]
    length = math.sqrt(math.fsum(value * value for value in added)) or 1.0
    return struct.unpack(f"<{size}f", struct.pack(f"<{size}f", *(value / length for value in added)))


def _direction(word: str, size: int) -> tuple[int, ...]:
    """Give the direction of a word: odd numbers, none of which is zero."""
    numbers = struct.unpack(f"<{size}h", shake_256(word.encode("utf-8", "surrogatepass")).digest(2 * size))
    return tuple(2 * number + 1 for number in numbers)


def _shown(vector: tuple[float, ...], encoding: str) -> object:
    if encoding == "base64":
        return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return list(vector)
