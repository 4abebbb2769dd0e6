"""Paths of the app's routes, as its router writes them.  Pure, and linear in the path."""

import re
from collections.abc import Sequence

REST = "rest"
"""What a description calls all that is below."""
_ALL = "/*"
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::[A-Za-z_][A-Za-z0-9_]*)?\}")
_UNPLAIN = frozenset("\\?#%;{}*\"' ")


def flaw_of(path: str) -> str:
    """Say what is wrong with the path of a route, empty for nothing."""
    if not path:
        return ""
    if not path.startswith("/"):
        return "a path begins with '/'"
    plain = _PARAMETER.sub("x", path.removesuffix(_ALL))
    if "{" in plain or "}" in plain:
        return "a parameter is written {name} or {name:path}, as in the app"
    if "*" in plain:
        return "'*' stands for all that is below, and so at the end alone: /files/*"
    if not plain.isascii() or not plain.isprintable() or _UNPLAIN & set(plain):
        return "a path holds visible ASCII, and none of \\ ? # % ; and quotes"
    if "//" in plain or {".", ".."} & set(plain.split("/")):
        return "a path holds no '//', '/./' or '/../'"
    names = _PARAMETER.findall(path)
    return "a parameter stands in it twice" if len(set(names)) < len(names) else ""


def flaw_of_prefix(prefix: str) -> str:
    """Say what is wrong with a prefix, empty for nothing."""
    if prefix.endswith("/") or "*" in prefix or "{" in prefix:
        return "a prefix is a plain path without a slash at its end, such as /shop"
    return flaw_of(prefix)


def shown(path: str) -> str:
    """Write a path as a description does: without what its parameters must look like."""
    plain = _PARAMETER.sub(r"{\1}", path)
    return f"{plain.removesuffix(_ALL)}/{{{REST}}}" if plain.endswith(_ALL) else plain


def names_of(path: str) -> Sequence[str]:
    """Give the parameters of a path, that for all below last."""
    names = _PARAMETER.findall(path)
    return [*names, REST] if path.endswith(_ALL) else names


def head_of(path: str) -> str | None:
    """Give what stands before all that is below, with its slash; None for a path that ends."""
    return path[:-1] if path.endswith(_ALL) else None
