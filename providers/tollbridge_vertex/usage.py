"""Reading usage out of the answers of `:predict`: each text's statistics say how many tokens it was."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, Fields


class _Embedding(msgspec.Struct):
    statistics: Any = None


class _Prediction(msgspec.Struct):
    embeddings: _Embedding


class _Answer(msgspec.Struct, rename="camel"):
    predictions: list[_Prediction]
    usage_metadata: Any = None


_decode = msgspec.json.Decoder(_Answer, float_hook=Decimal).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    found = _decode(body)
    return read_usage([one.embeddings.statistics for one in found.predictions], found.usage_metadata)


def read_usage(statistics: Iterable[JSON], metadata: JSON = None) -> Usage | None:
    """Add up what the statistics of all texts count; None where one of them does not.

    `metadata` is `usageMetadata`, which tells the tokens where statistics do not: in answers that the gateway wrote.
    """
    counts = [Fields(one, wrong=None).whole("token_count") for one in statistics]
    told = [count for count in counts if count is not None and count >= 0]
    total = sum(told) if told and len(told) == len(counts) else Fields(metadata, wrong=None).whole("promptTokenCount")
    return None if total is None or total < 0 else Usage(input=total)


def write_usage(usage: Usage, texts: int) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """Give the statistics of a text, and `usageMetadata`: of several texts only the sum is known."""
    metadata: dict[str, JSON] = {"promptTokenCount": usage.input_total}
    return ({"token_count": usage.input_total} if texts == 1 else {}), metadata
