"""Answers that depend on what is asked, and answers that nobody recorded."""

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

from tests.sdks.table import Made
from tests.support.replay import Asked, Recorded, invented, recorded


def _numbers(embedding: str | list[float]) -> list[float]:
    if isinstance(embedding, list):
        return embedding
    data = base64.b64decode(embedding)
    return [float(f"{number:.9g}") for number in struct.unpack(f"<{len(data) // 4}f", data)]


def _packed(embedding: str | list[float]) -> str:
    if isinstance(embedding, str):
        return embedding
    return base64.b64encode(struct.pack(f"<{len(embedding)}f", *embedding)).decode()


_WRITTEN: dict[str, Callable[[str | list[float]], Any]] = {"float": _numbers, "base64": _packed}


def listed(case: str) -> Made:
    """Answer with a recorded list of embeddings, as numbers or packed, as `encoding_format` asks for them."""

    def answer(asked: Asked) -> Recorded:
        body = json.loads(recorded(case).pieces[0])
        for item in body["data"]:
            item["embedding"] = _WRITTEN[asked.json().get("encoding_format") or "float"](item["embedding"])
        return invented(200, body)

    return Made(answer)


_VOYAGE = {
    "/embeddings": ("input", "model", "input_type", "truncation", "output_dimension", "output_dtype"),
    "/rerank": ("query", "documents", "model", "top_k", "return_documents", "truncation"),
}
"""The arguments that Voyage takes (https://docs.voyageai.com/reference, read 2026-11), but one that has one value."""


def at_voyage(case: str) -> Made:
    """Answer with a recorded case where nothing is asked that Voyage refuses.

    It takes no other arguments than its own, and no other encoding than `base64`; it says so
    (https://github.com/vectorize-io/hindsight/issues/925, https://github.com/garrytan/gbrain/pull/735, read 2026-11).
    """

    def answer(asked: Asked) -> Recorded:
        body = asked.json()
        known = next(names for path, names in _VOYAGE.items() if asked.path.endswith(path))
        odd = [name for name in body if name not in known and (name, body[name]) != ("encoding_format", "base64")]
        if odd:
            return invented(400, {"detail": f"Argument '{odd[0]}' is not supported by our API"})
        return listed(case).answer(asked) if "input" in body else recorded(case)

    return Made(answer)


def by_type(case: str) -> Made:
    """Answer with embeddings that Cohere was recorded to give, in each of the encodings that are asked for."""

    def answer(asked: Asked) -> Recorded:
        body = json.loads(recorded(case).pieces[0])
        floats = body["embeddings"]["float"]
        kinds = asked.json().get("embedding_types") or ["float"]
        return invented(200, {**body, "embeddings": {kind: list(map(_WRITTEN[kind], floats)) for kind in kinds}})

    return Made(answer)


def made_up(body: Any, source: str) -> Made:
    """Answer with what nobody recorded; `source` says whose word there is that it looks so."""
    return Made(lambda _: invented(200, body), f"invented, in the shape of {source}")
