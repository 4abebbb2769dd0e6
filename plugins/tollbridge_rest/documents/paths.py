"""Which operation a request calls: a tree of segments, so that the number of operations does not count."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tollbridge_rest.documents.model import Operation
from tollbridge_rest.documents.templates import Segment, Template, decode_bytes, encode_segment, fit, split_path


class Found(msgspec.Struct, frozen=True, gc=False):
    """An operation, and the values of its path's parameters, percent-encoded as they came."""

    operation: Operation
    values: Mapping[str, str]


class _Node:
    """What begins with the same segments."""

    __slots__ = ("literals", "mixed", "operations", "plain")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.mixed: dict[tuple[str, ...], _Node] = {}
        self.plain: _Node | None = None
        self.operations: dict[str, tuple[Operation, tuple[str, ...]]] = {}

    def child(self, segment: Segment) -> "_Node":
        if not segment.names:
            return self.literals.setdefault(segment.literals[0], _Node())
        if segment.plain:
            self.plain = self.plain or _Node()
            return self.plain
        return self.mixed.setdefault(segment.literals, _Node())

    def sort(self) -> None:
        """Put what says more first; the order is that of `weight`."""
        self.mixed = dict(sorted(self.mixed.items(), key=lambda each: weight(Segment(each[0], ("",)))))


def weight(segment: Segment) -> tuple[int, int, int, tuple[str, ...]]:
    """Order segments: literals, then parameters with something around them, the longest first, then plain ones."""
    if not segment.names:
        return (0, 0, 0, ())
    return (1, -sum(map(len, segment.literals)), len(segment.literals), segment.literals)


class Paths:
    """Finds operations.  Of two paths that fit, the one with a literal where the other has a parameter comes first.

    A look-up visits a place of the tree at most once, and only those along the path.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        nodes = [self._root]
        for operation in operations:
            template, node = Template(operation.path), self._root
            for segment in template.segments:
                node = node.child(segment)
                nodes.append(node)
            node.operations[operation.method] = (operation, template.names)
        for node in nodes:
            node.sort()

    def find(self, method: str, path: str, *, encoded: bool = True) -> Found | None:
        """Give the operation of a method and a path, of the closest path that has the method; None for none.

        HEAD is answered by GET where a path has none of its own. `encoded`: the path is as it was sent; else it was
        decoded before.
        """
        names = (method, "GET") if method == "HEAD" else (method,)
        for operations, values in self._fitting(path, encoded):
            for name in names:
                if name in operations:
                    operation, parameters = operations[name]
                    return Found(operation, dict(zip(parameters, values, strict=True)))
        return None

    def methods(self, path: str, *, encoded: bool = True) -> tuple[str, ...]:
        """List the methods that a path has; none where there is no such path."""
        found = {method for operations, _ in self._fitting(path, encoded) for method in operations}
        if "GET" in found:
            found.add("HEAD")
        return tuple(sorted(found))

    def _fitting(
        self, path: str, encoded: bool
    ) -> Iterator[tuple[Mapping[str, tuple[Operation, tuple[str, ...]]], Sequence[str]]]:
        path = path or "/"
        segments = split_path(path if encoded else "/".join(map(encode_segment, path.split("/"))))
        if segments is None:
            return
        stack: list[tuple[_Node, int, tuple[str, ...]]] = [(self._root, 0, ())]
        while stack:
            node, at, values = stack.pop()
            if at < len(segments):
                stack.extend((child, at + 1, (*values, *more)) for child, more in _children(node, segments[at]))
            elif node.operations:
                yield node.operations, values


def _children(node: _Node, raw: str) -> list[tuple[_Node, Sequence[str]]]:
    """Give what a segment leads to, the closest last."""
    found: list[tuple[_Node, Sequence[str]]] = []
    if node.plain is not None and raw:
        found.append((node.plain, (raw,)))
    for literals, child in reversed(node.mixed.items()):
        values = fit(Segment(literals, ("",) * (len(literals) - 1)), raw)
        if values is not None:
            found.append((child, values))
    literal = node.literals.get(decode_bytes(raw))
    if literal is not None:
        found.append((literal, ()))
    return found
