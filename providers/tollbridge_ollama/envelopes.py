"""What the bridge must know of a request to Ollama, read so that Ollama's server cannot read it otherwise.

The server matches names of members without regard to case and takes the last of them, as Go's decoder does
(https://pkg.go.dev/encoding/json#Unmarshal, read 2026-11): a body with both `model` and `Model` has two readers.
"""

import re

import msgspec

from tollbridge import BadRequest, Quirks, input_bound
from tollbridge.formats import Envelope, Operation, members, object_in, read_fields, readdressed, splice

_OPTIONS = "options"
_WEIGHTY = re.compile(rb'"(model|stream|options|num_predict)"[ \t\r\n]*:')
_NAMING = re.compile(rb'"(model|name|stream)"[ \t\r\n]*:')
_NAMES = frozenset(("model", "name", "stream", _OPTIONS))
_CAPITALS = re.compile(rb'"(?!(?:model|name|stream|options)")(?i:model|name|stream|options)"[ \t\r\n]*:')
# U+017F and U+212A are an s and a k where case does not count.
_DISGUISED = re.compile(rb"\xc5\xbf|\xe2\x84\xaa|\\u(?:00[0-7]|017f|212a)", re.IGNORECASE)


class _Options(msgspec.Struct):
    num_predict: int | float | None = None


class _Body(msgspec.Struct):
    """`name` is what `model` was called before, in requests about models."""

    model: str = ""
    name: str = ""
    stream: bool | None = None
    options: _Options | None = None


_decode = msgspec.json.Decoder(_Body).decode
_QUIET = ("ollama_embed", "ollama_embeddings", "ollama_show", "ollama_pull")
"""What makes no output tokens."""
_ABOUT_MODELS = ("ollama_show", "ollama_pull")
_STREAMING = ("ollama_chat", "ollama_generate", "ollama_pull")
"""What streams unless told not to."""


def read_envelope(operation: Operation, body: bytes) -> Envelope:
    """Read what the bridge must know; raises `BadRequest` naming the field that is wrong."""
    about_models = operation.label in _ABOUT_MODELS
    found = read_fields(body, _decode, _NAMING if about_models else _WEIGHTY, inside=(_OPTIONS,))
    _check_case(body)
    model = found.model or (found.name if about_models else "")
    if not model:
        raise BadRequest("the field 'model' is empty", param="model")
    quiet = operation.label in _QUIET
    return Envelope(
        model=model,
        stream=operation.label in _STREAMING and found.stream is not False,
        max_output=0 if quiet else _limit(found.options),
        input_bound=0 if about_models else input_bound(body),
        asks_usage=True,
        outputs_tokens=not quiet,
    )


def _limit(options: _Options | None) -> int | None:
    """Give the output limit; a negative one means none (https://docs.ollama.com/modelfile, read 2026-11)."""
    limit = options.num_predict if options is not None else None
    return int(limit) if limit is not None and limit >= 1 else None


def _check_case(body: bytes) -> None:
    """Refuse a body whose weighty members are written in another case."""
    if not _CAPITALS.search(body) and not _DISGUISED.search(body):
        return
    for name in members(body):
        folded = name.casefold()
        if folded in _NAMES and folded != name:
            raise BadRequest(
                f"the field {name!r} would be read as {folded!r}; write it so", param=folded, code="unsafe_request"
            )


def readdress(body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks) -> bytes:
    """Change the model's name and set an output limit; every other byte stays."""
    values: dict[str, bytes] = {}
    if max_output is not None:
        values[_OPTIONS] = splice(object_in(body, _OPTIONS), {"num_predict": b"%d" % max_output})
    return readdressed(body, values, quirks, model=None if model == envelope.model else model)
