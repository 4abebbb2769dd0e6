"""Gateways that mask, and maskers alone."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_masking.fields import Fields
from tollbridge_masking.finder import KINDS, Finder
from tollbridge_masking.jsonmasker import JsonMasker
from tollbridge_masking.texts import TextMasker

__all__ = ["gateway"]

MODEL = "openai/gpt-4o-mini"

Bridge = Callable[..., GatewayUnderTest]


@pytest.fixture
def bridge(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Bridge:
    """Give `bridge(app=..., level=..., ...)`: a gateway whose `[policies.masking]` has these options."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")

    def make(*, app: Any = None, **options: Any) -> GatewayUnderTest:
        return gateway({"policies": {"masking": options}}, app=app)

    return make


def finder(*, level: str = "partial", finds: Sequence[str] = tuple(KINDS), words: Sequence[str] = ()) -> Finder:
    return Finder(full=level == "full", finds=finds, words=words)


def mask(text: str, **options: Any) -> str:
    """Mask a text at once."""
    masked, done = "", 0
    for begin, end, instead in finder(**options).masks(text, 0, len(text), Counter()):
        masked += text[done:begin] + instead
        done = end
    return masked + text[done:]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut bytes at these places."""
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds) if start < end]


def feed(masker: JsonMasker | TextMasker, chunks: Iterable[bytes]) -> bytes:
    """Put an answer through a masker, to its end."""
    return b"".join([piece for chunk in (*chunks, b"") for piece in masker.feed(chunk)])


def json_masker(*, fields: Sequence[str] = (), many: bool = False, **options: Any) -> JsonMasker:
    return JsonMasker(finder(**options), Fields(fields), many=many)


def text_masker(charset: str = "", **options: Any) -> TextMasker:
    return TextMasker(finder(**options), charset)


def mask_json(written: str | bytes, **options: Any) -> str:
    """Mask JSON at once; gives it as it is written."""
    data = written if isinstance(written, bytes) else written.encode()
    return feed(json_masker(**options), [data]).decode()


def masked_value(value: object, **options: Any) -> Any:
    """Write a value, mask it, and read it again."""
    return json.loads(mask_json(json.dumps(value), **options))
