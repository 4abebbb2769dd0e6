"""Templates as they are shown: text, and the variables in it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_VARIABLE = re.compile(r"(?P<signs>\\*)\{\{\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a template: text, or a variable by its `name`, which may be one that is not `known`."""

    text: str
    name: str = ""
    known: bool = True


def pieces(template: str, names: Collection[str]) -> Iterator[Piece]:
    """Cut a template into its pieces; put together their texts are the template again.

    What a backslash stands before is no variable, unless another one stands before that.
    """
    at = 0
    for found in _VARIABLE.finditer(template):
        signs = len(found["signs"])
        if signs % 2:
            continue
        begin = found.start() + signs
        if begin > at:
            yield Piece(template[at:begin])
        yield Piece(template[begin : found.end()], found["name"], found["name"] in names)
        at = found.end()
    if at < len(template):
        yield Piece(template[at:])


def variables_in(template: str) -> list[str]:
    """Give the names of the variables in a template, each once."""
    return list(dict.fromkeys(piece.name for piece in pieces(template, ()) if piece.name))
