"""Cells and rows of tables as HTML, made in Python as charts are: a page may have a thousand cells.

All that a cell says is escaped here; what stands around it is ours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from tollbridge.browsing import gettext as _
from tollbridge.pagemodel import Column
from tollbridge.screens.cells import Action, Cell, Pick
from tollbridge.screens.charts import part

if TYPE_CHECKING:
    from tollbridge.screens.tables import Table

_MOST_TAGS = 3


def cell(one: Cell) -> Markup:
    """Write what a cell says, without its link, its note and what can be done."""
    return Markup(_said(one))


def rows(table: "Table", root: str) -> Markup:
    """Write all rows; links begin with `root`."""
    heads = [_Head(column, first=not place) for place, column in enumerate(table.columns)]
    root = _e(root)
    return Markup("".join(f"<tr>{_row(cells, heads, root)}</tr>" for cells in table.cells))


class _Head:
    """What the cells of a column have in common."""

    def __init__(self, column: Column, *, first: bool) -> None:
        self.first = first
        self.kind = ("c-first" if first else "c-rest") + (" number" if column.number else "")
        self.kind += " c-wide" if column.wide else ""
        self.label = f' data-label="{_e(_(column.title))}"' if column.title and not first else ""


def _e(text: str) -> str:
    """Escape a text, also one that came as markup."""
    return str(escape(str.__str__(text)))


def _row(cells: Sequence[Cell], heads: Sequence[_Head], root: str) -> str:
    return "".join(_cell(one, head, root) for one, head in zip(cells, heads, strict=True))


def _cell(one: Cell, head: _Head, root: str) -> str:
    kind = f"{head.kind} c-act" if one.kind == "actions" else head.kind
    said = _deeds(one.actions, root) if one.kind == "actions" else _said(one)
    if one.link and one.kind != "actions":
        said = f'<a href="{root}{_e(one.link)}"{" data-row" if head.first else ""}>{said}</a>'
    note = f'<small class="note">{_e(one.note)}</small>' if one.note else ""
    share = "" if one.share is None else part(one.share, one.tone)
    return f'<td class="{kind}"{head.label}>{_box(one.pick)}{said}{note}{share}</td>'


def _said(one: Cell) -> str:
    text, title = _e(one.text), f' title="{_e(one.title)}"' if one.title else ""
    match one.kind:
        case "pill":
            return f'<span class="pill {_e(one.tone) or "off"}"{title}>{text}</span>'
        case "tags" if one.parts:
            return _tags(one.parts)
        case "time" if one.value:
            return f'<time datetime="{_e(one.value)}"{title}>{text}</time>'
        case "code":
            return f"<code>{text}</code>"
        case "strong":
            return f"<b{title}>{text}</b>"
        case "number" if one.value:
            return f'<data value="{_e(one.value)}">{text}</data>'
    return f"<span{title}>{text}</span>" if title else text


def _tags(names: Sequence[str]) -> str:
    shown = "".join(f'<span class="tag">{_e(name)}</span> ' for name in names[:_MOST_TAGS])
    rest = names[_MOST_TAGS:]
    return shown + (f'<span class="tag" title="{_e(" ".join(rest))}">+{len(rest)}</span>' if rest else "")


def _box(pick: Pick | None) -> str:
    if pick is None:
        return ""
    named = f'form="{_e(pick.form)}" name="{_e(pick.name)}" value="{_e(pick.value)}"'
    return f'<label class="pick"><input type="checkbox" {named}><span class="hidden">{_e(pick.label)}</span></label>'


def _deeds(actions: Sequence[Action], root: str) -> str:
    return "".join(_deed(act, root) for act in actions)


def _deed(act: Action, root: str) -> str:
    path, label, about = root + _e(act.path), _e(act.label), f"{_e(act.label)} {_e(act.about)}"
    if act.post:
        kind = "button small danger" if act.danger else "button small"
        button = f'<button class="{kind}" aria-label="{about}">{label}</button>'
        return f'<form method="post" action="{path}">{button}</form>'
    return f'<a class="button small" href="{path}" aria-label="{about}">{label}</a>'
