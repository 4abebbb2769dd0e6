"""The project's own source files, as data for tests that judge them."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("middleware", "providers", "plugins")
CORE = "tollbridge"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, or one name of it.

    `typing`: under `if TYPE_CHECKING`. `inside`: in a function, so it runs when that is called.
    """

    module: str
    name: str
    line: int
    typing: bool
    inside: bool

    @property
    def whole(self) -> str:
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass(frozen=True)
class Source:
    """One Python file, read when it is first asked for what is in it.  `module` is what it is imported as."""

    module: str
    path: Path

    @property
    def package(self) -> str:
        """The first part of its name, such as `tollbridge_openai`."""
        return self.module.partition(".")[0]

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def imports(self) -> list[Import]:
        return list(self._imports)

    @cached_property
    def _imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self.tree, typing=False, inside=False))

    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


@cache
def sources() -> tuple[Source, ...]:
    """List every file under the source roots, by name of the module."""
    found = []
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            found.append(Source(".".join(parts).removesuffix(".__init__"), path))
    return tuple(sorted(found, key=lambda source: source.module))


def _imports(node: ast.AST, *, typing: bool, inside: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, "", child.lineno, typing, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(module, alias.name, child.lineno, typing, inside) for alias in child.names)
        elif not isinstance(child, ast.expr):  # in which nothing is imported
            guarded = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from _imports(child, typing=typing or guarded, inside=inside or isinstance(child, Function))


Rule = Callable[[Source], None]


def of(those: Iterable[Source]) -> Callable[[Rule], Callable[[], None]]:
    """Hold a rule over some modules in one test, which names all that break it; a test of each would be thousands."""

    def held(rule: Rule) -> Callable[[], None]:
        def test() -> None:
            broken = []
            for source in those:
                try:
                    rule(source)
                except AssertionError as exc:
                    broken.append(f"{source.module}: {exc}")
            assert not broken, "\n".join(broken)

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return held
