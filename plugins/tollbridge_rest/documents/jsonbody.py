"""JSON of a request or an answer, read as strictly as it can be: what two readers read in two ways is refused."""

import json
from typing import Any

import msgspec


class BadJson(ValueError):
    """A text is no JSON, or ambiguous.  The message is the end of a sentence, without the text."""


def read_json(data: bytes) -> Any:
    """Read one value; raises `BadJson`.  `msgspec` sees to what JSON is, and the second look to doubled keys."""
    try:
        msgspec.json.decode(data)
        return json.loads(data, object_pairs_hook=_object)
    except msgspec.DecodeError:
        raise BadJson("is no JSON") from None
    except BadJson:
        raise
    except RecursionError:
        raise BadJson("is nested too deeply") from None
    except ValueError:
        raise BadJson("is no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadJson("has a field twice in one object")
    return made
