"""In which dialects a model can be asked, and for what: as its targets speak, or by translation."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tollbridge.formats.codec import COUNT
from tollbridge.formats.dialect import Dialect, Operation
from tollbridge.formats.ways import Ways, asked_at
from tollbridge.providers import Target

_SCOPE = "ai:"


class Speaking(msgspec.Struct, frozen=True):
    """An operation that calls of a model may be made in.

    `scope` is what the caller's token needs, `path` where it is called. `translated`: no target speaks the dialect, and
    what is said is written in another. Where one does, the request is passed on: whether the model can do it, only its
    provider knows.
    """

    dialect: str
    operation: str
    scope: str
    path: str
    translated: bool


def speaking_of(targets: Sequence[Target], dialects: Iterable[Dialect]) -> list[Speaking]:
    """List the operations of a model with these targets, dialect by dialect; tokens are counted whoever is asked."""
    known = list(dialects)
    return list(_spoken(targets, known, Ways(known)))


def _spoken(targets: Sequence[Target], dialects: Iterable[Dialect], ways: Ways) -> Iterator[Speaking]:
    for dialect in dialects:
        for operation in filter(_names_a_model, dialect.operations):
            own = any(asked_at(dialect, operation, target) for target in targets)
            if own or _can_be_translated(operation, targets, ways):
                yield Speaking(dialect.name, operation.label, operation.scope, operation.path, not own)


def _names_a_model(operation: Operation) -> bool:
    return operation.scope.startswith(_SCOPE) and not operation.modelless and not operation.lists_models


def _can_be_translated(operation: Operation, targets: Sequence[Target], ways: Ways) -> bool:
    if operation.codec is None or not targets:
        return False
    kind = operation.codec.kind
    return kind == COUNT or any(ways.of(kind, target) is not None for target in targets)
