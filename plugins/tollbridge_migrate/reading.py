"""What readers of foreign files have in common: values of hostile files, taken as what they should be."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tollbridge import SetupError
from tollbridge.administering import is_secret_name
from tollbridge.plainfiles import WAYS, BadFile, read_text, read_values

MOST_BYTES = 16 * 1024 * 1024
_SECRET = re.compile(r"(?i:^(?:bearer|basic|token|key)\b)|[A-Za-z0-9_+/=-]{16}")
_MILLION = Decimal(1_000_000)
_MOST_USD = Decimal(1_000_000_000)


class BadForeign(SetupError):
    """A foreign file is not what it should be; says what in one sentence without what it holds."""


def read_foreign(path: Path, *, merges: bool = False) -> Any:
    """Read one value of a file of JSON, YAML or TOML; raises `BadForeign`."""
    way = WAYS.get(path.suffix.lower())
    if way is None:
        raise BadForeign(f"{path.name} must be one of {', '.join(WAYS)}")
    try:
        found = read_values(read_text(path, most=MOST_BYTES), way, merges=merges)
    except BadFile as exc:
        said = str(exc)
        raise BadForeign(said if said.startswith(str(path)) else f"{path}: {said}") from None
    return found[0][0] if found else None


def an_object(value: Any) -> Mapping[str, Any]:
    """Give an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def a_list(value: Any) -> Sequence[Any]:
    """Give a list, an empty one for anything else."""
    return value if isinstance(value, list) else ()


def a_text(value: Any) -> str:
    """Give a text, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> Sequence[str]:
    """Give the texts of a list; a text alone is a list of one."""
    return [value] if isinstance(value, str) else [one for one in a_list(value) if isinstance(one, str)]


def a_count(value: Any) -> int | None:
    """Give a whole number above 0 that can be a limit, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


def a_number(value: Any) -> Decimal | None:
    """Give a number, one in a text too, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value)[:64])
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def may_be_secret(name: str, value: str) -> bool:
    """Whether a header may hold a secret, by its name or by what stands in it."""
    return is_secret_name(name) or _SECRET.search(value) is not None


def usd(value: Any, per: Decimal = Decimal(1)) -> str:
    """Give an amount of dollars as we write them, empty for what is none."""
    found = a_number(value)
    if found is None or not 0 <= found <= _MOST_USD:
        return ""
    return written(found * per)


def usd_per_million(value: Any) -> str:
    """Give dollars a token as dollars a million tokens."""
    return usd(value, _MILLION)


def written(amount: Decimal) -> str:
    """Write an amount without an exponent, cut below a nano-dollar."""
    cut = amount.quantize(Decimal("0.000000001"))
    return f"{cut:f}".rstrip("0").rstrip(".") if "." in f"{cut:f}" else f"{cut:f}"
