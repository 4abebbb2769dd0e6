"""Writing what a call costs beside the usage that its stream tells."""

import json

from tollbridge.errors import GatewayError
from tollbridge.formats.dialect import CostLine
from tollbridge.formats.jsonedit import splice
from tollbridge.metering.usage import Usage

_read_value = json.JSONDecoder().raw_decode


def with_cost(piece: bytes, at: int, cost: CostLine | None, usage: Usage | None) -> bytes:
    """Set `cost`, in US dollars, in the object that begins at byte `at` of a piece; every other byte stays.

    A cost that the provider says there is replaced. A piece stays as it is where nobody can say what the usage costs,
    and where no such object can be read.
    """
    text = cost(usage) if cost is not None and usage is not None else None
    if text is None:
        return piece
    try:
        behind = piece[at:].decode("utf-8")
        told = behind[: _read_value(behind)[1]].encode("utf-8")
        return piece[:at] + splice(told, {"cost": text.encode("ascii")}) + piece[at + len(told) :]
    except (GatewayError, ValueError, RecursionError):
        return piece
