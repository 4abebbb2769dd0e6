"""Words in templates that nobody can translate, because they stand in the page by themselves.

A template is read by Jinja, and what it would write by Python's HTML parser. Each branch counts, and what is computed
is a hole; constants are written as they are.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

NAMES = {"Tollbridge", "OpenAPI", "MCP", "REST", "JSON", "UTC", "XXXX"}
"""Said alike in every language."""
_HOLE = "\x00"
_READ = ("aria-label", "aria-description", "aria-roledescription", "title", "placeholder", "alt")
_CODE = ("code", "pre", "kbd", "samp", "script", "style")
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)


def bare_words(template: str) -> list[str]:
    """Give each text, and each attribute that is read out, that holds a word of its own."""
    reader = _Reader()
    reader.feed("".join(_written(_ENVIRONMENT.parse(template))))
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag, attrs) -> None:
        self._code += tag in _CODE
        for name, value in attrs:
            is_label = tag == "option" and name == "label"
            is_button = name == "value" and ("type", "submit") in attrs
            if name in _READ or is_label or is_button:
                self._judge(value or "")

    def handle_endtag(self, tag) -> None:
        self._code -= tag in _CODE and self._code > 0

    def handle_data(self, data) -> None:
        if not self._code:
            self._judge(data)

    def _judge(self, text: str) -> None:
        if set(_WORD.findall(text)) - NAMES:
            self.found.append(text.replace(_HOLE, "…").strip())


def _written(node: nodes.Node) -> Iterator[str]:
    """Give what a template writes, branch after branch."""
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            yield part.data if isinstance(part, nodes.TemplateData) else "".join(_constants(part)) or _HOLE
        return
    for child in node.iter_child_nodes(exclude=("test", "iter", "target", "args", "defaults", "call")):
        if isinstance(child, nodes.Stmt):
            yield from _written(child)


def _constants(node: nodes.Node) -> Iterator[str]:
    """Give the texts that an expression may be, without what is computed."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        for one in (node.expr1, node.expr2):
            yield from _constants(one) if one is not None else ()
    elif isinstance(node, nodes.Or | nodes.And):
        yield from _constants(node.left)
        yield from _constants(node.right)
    elif isinstance(node, nodes.Concat):
        for one in node.nodes:
            yield from _constants(one)
    elif isinstance(node, nodes.Filter) and node.name == "default":
        for one in node.args:
            yield from _constants(one)
