"""Names of operations: those of the document, and made ones, unique and fit for a scope."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tollbridge_rest.documents.bounds import BadDocument, shown

MAX_NAME = 100
_UNFIT = re.compile(r"[^A-Za-z0-9._~-]+")
_WORD = re.compile(r"[A-Za-z0-9_~]+")


class Called(NamedTuple):
    """An operation before it has a name.  `given` is the document's own id, or empty."""

    method: str
    path: str
    given: str


def name_all(operations: Sequence[Called]) -> list[tuple[str, str]]:
    """Give the id and the name of each, in the same order; raises `BadDocument` for an id that is there twice.

    Both follow from an operation itself, so they stay when others come and go. Where two come out the same, those that
    were made of more than the id get the start of a hash.
    """
    _refuse_doubles(operations)
    ids = [each.given or made_id(each.method, each.path) for each in operations]
    ids = _told_apart(ids, [each.given == made for each, made in zip(operations, ids, strict=True)], operations)
    names = [_fit(each) for each in ids]
    names = _told_apart(names, [each == name for each, name in zip(ids, names, strict=True)], operations)
    return list(zip(ids, names, strict=True))


def made_id(method: str, path: str) -> str:
    """Make an id of method and path: `get-orders-id` of `GET /orders/{id}`."""
    return "-".join([method.lower(), *_WORD.findall(path)])


def _refuse_doubles(operations: Sequence[Called]) -> None:
    seen: dict[str, Called] = {}
    for each in operations:
        if each.given and (first := seen.setdefault(each.given, each)) is not each:
            raise BadDocument(
                f"the operationId {shown(each.given)} is there twice: at {first.method} {shown(first.path)} and "
                f"{each.method} {shown(each.path)}",
                param="paths",
            )


def _fit(name: str) -> str:
    fit = _UNFIT.sub("-", name).strip("-") or "operation"
    return fit if len(fit) <= MAX_NAME else f"{fit[: MAX_NAME - 9]}-{_mark(name)}"


def _told_apart(names: Sequence[str], kept: Sequence[bool], operations: Sequence[Called]) -> list[str]:
    """Add a mark to each name that another has too, but where it is `kept`."""
    counts = Counter(names)
    return [
        name if counts[name] == 1 or keep else f"{name[: MAX_NAME - 9]}-{_mark(f'{each.method} {each.path}')}"
        for name, keep, each in zip(names, kept, operations, strict=True)
    ]


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
