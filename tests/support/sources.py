"""The project's own source files, as data for tests that judge them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file.  `module` is what it is imported as."""

    module: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def package(self) -> str:
        """The first part of its name, such as `tollbridge_openai`."""
        return self.module.partition(".")[0]

    def imports(self) -> list[Import]:
        return list(_imports(self.tree, typing=False, inside=False))

    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


@cache
def sources() -> tuple[Source, ...]:
    """Read every file under the source roots, by name of the module."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text("utf-8")
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            module = ".".join(parts).removesuffix(".__init__")
            found.append(Source(module, path, ast.parse(text, str(path)), text.count("\n")))
    return tuple(sorted(found, key=lambda source: source.module))


def _imports(node: ast.AST, *, typing: bool, inside: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, "", child.lineno, typing, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(module, alias.name, child.lineno, typing, inside) for alias in child.names)
        else:
            guarded = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            within = isinstance(child, Function | ast.Lambda)
            yield from _imports(child, typing=typing or guarded, inside=inside or within)
