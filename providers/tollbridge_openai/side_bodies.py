"""What must be known of a body that is JSON or a form: the model, how many answers, and how much goes in."""

import msgspec

from tollbridge import BadRequest, input_bound
from tollbridge.formats import Fields, decode_json, members
from tollbridge_openai.side_forms import Part, only_part, parts_of, text_of

PICTURE = 10_000
"""Tokens for a picture that goes in: the most one of them is known to make (see `tollbridge.metering.estimate`)."""
SOUND = 24
"""Bytes of sound for one token: 32 a second (Google) of speech at 8 kbit/s make 31, OpenAI's 17 a second more."""
LONGEST_SOUND = 400_000
"""Tokens for one file of sound: three hours at 32 a second and some more.  No provider takes a longer one."""
_MOST_ANSWERS = 1_000


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a body asks for.  `bound` is an upper bound for its input tokens."""

    model: str
    stream: bool = False
    answers: int = 1
    bound: int = 0


def is_form(body: bytes) -> bool:
    """Whether it is a form: the core lets pass what begins like one only where its Content-Type says that it is."""
    return body.startswith(b"--")


def read_json(body: bytes) -> Asked:
    """Read a body of JSON; raises `BadRequest` naming the wrong field, also one that is there twice."""
    members(body)
    found = Fields(decode_json(body))
    if "svg" in found and (drawn := found.inner("svg")) is not None and "model" in drawn:
        raise _another("svg.model")
    streamed = found.peek("stream_format") == "sse" or bool(found.flag("stream"))
    return Asked(
        model=_named(found.need("model", found.text("model"))),
        stream=streamed,
        answers=_count(found.whole("n")),
        bound=input_bound(body),
    )


def read_form(body: bytes, *, of_sound: bool) -> Asked:
    """Read a form; raises `BadRequest` naming the wrong field.

    Its input is bounded so: a text has a token a byte at most; a file is not text, and counts by its kind, which is
    sound for all of them or pictures for all.
    """
    parts = parts_of(body)
    if any(part.name.replace(" ", "").casefold().startswith("svg[model") for part in parts):
        raise _another("svg[model]")
    model, stream, n = (only_part(parts, name) for name in ("model", "stream", "n"))
    if model is None:
        raise BadRequest("the field 'model' is missing", param="model")
    return Asked(
        model=_named(text_of(body, model)),
        stream=stream is not None and text_of(body, stream).strip().casefold() in ("true", "1", "on", "yes"),
        answers=_count(_whole(text_of(body, n))) if n is not None else 1,
        bound=sum(_bound(body, part, of_sound=of_sound) for part in parts),
    )


def _bound(body: bytes, part: Part, *, of_sound: bool) -> int:
    size = part.end - part.start
    if not part.is_file and not body.startswith(b"data:", part.start, part.end):
        return size
    return min(size // SOUND + 1, LONGEST_SOUND) if of_sound else PICTURE


def _named(model: str) -> str:
    if not model or not model.isprintable():
        raise BadRequest("the field 'model' is empty, or no name", param="model")
    return model


def _whole(text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 9:
        raise BadRequest("the field 'n' must be a whole number", param="n")
    return int(text)


def _count(n: int | None) -> int:
    if n is not None and not 1 <= n <= _MOST_ANSWERS:
        raise BadRequest(f"the field 'n' must be from 1 to {_MOST_ANSWERS}", param="n")
    return n or 1


def _another(field: str) -> BadRequest:
    return BadRequest(f"the field {field!r} names another model, which is not metered here; leave it out", param=field)
