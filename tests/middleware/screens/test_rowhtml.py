"""Cells and rows as HTML: all that they say is text, and stands where it should."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tollbridge import Column
from tollbridge.screens import cells, rowhtml
from tollbridge.screens.cells import Action, Cell, Pick
from tollbridge.screens.tables import Table

EVIL = "<img src=x onerror=alert(1)> & \"'"
OWN = {"td", "tr", "a", "b", "span", "code", "data", "time", "small", "form", "button", "label", "input", "svg", "rect"}
TEXTS = st.text(max_size=20) | st.sampled_from([EVIL, Markup("<b>bold</b>")])
KINDS = st.sampled_from(["text", "strong", "number", "code", "pill", "tags", "time", "actions"])
ACTIONS = st.lists(st.builds(Action, TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans()), max_size=2).map(tuple)
CELLS = st.builds(
    Cell,
    *(TEXTS, TEXTS, KINDS, TEXTS, TEXTS, TEXTS, TEXTS),
    st.lists(TEXTS, max_size=5).map(tuple),
    ACTIONS,
    st.none() | st.floats(0, 1),
    st.none() | st.builds(Pick, TEXTS, TEXTS, TEXTS, TEXTS),
)


class Read(HTMLParser):
    """What a browser makes of it: elements, their attributes, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.given: dict[str, list[str | None]] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.given.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        self.text += data


def table(*rows: Cell) -> Table:
    """Make a table with one column."""
    return Table(
        name="t", label="T", columns=[Column("c", "C", lambda row: row["c"])], rows=[{"c": one} for one in rows]
    )


@given(CELLS)
def test_what_a_cell_says_makes_no_element_and_no_attribute(cell) -> None:
    read = Read(rowhtml.rows(table(cell), "/root"))

    assert set(read.tags) <= OWN
    assert not [name for name in read.given if name.startswith("on") or name in ("src", "style")]
    assert read.tags.count("td") == 1


@pytest.mark.parametrize(
    ("cell", "html"),
    [
        (cells.text("a<b"), "a&lt;b"),
        (cells.text(None), "–"),
        (cells.text("a", strong=True), "<b>a</b>"),
        (Cell("a", title="long"), '<span title="long">a</span>'),
        (cells.number(1200), '<data value="1200">1,200</data>'),
        (cells.number(None), "–"),
        (cells.code("tok_1"), "<code>tok_1</code>"),
        (cells.pill("On", "ok"), '<span class="pill ok">On</span>'),
        (Cell("On", kind="pill"), '<span class="pill off">On</span>'),
        (cells.tags(["a", "b"]), '<span class="tag">a</span> <span class="tag">b</span> '),
        (cells.tags([]), "–"),
        (
            Cell("1 h ago", "2026-01-05", "time", title="5 Jan"),
            '<time datetime="2026-01-05" title="5 Jan">1 h ago</time>',
        ),
        (Cell("never", "", "time"), "never"),
    ],
)
def test_each_kind_is_set_in_its_own_way(cell, html) -> None:
    assert rowhtml.cell(cell) == html


def test_more_than_three_tags_are_counted() -> None:
    assert rowhtml.cell(cells.tags(["a", "b", "c", "d", "e"])).endswith('<span class="tag" title="d e">+2</span>')


def test_link_note_share_box_and_deeds_stand_in_their_cell() -> None:
    linked = Cell("a", link="/x?a=1&b=2", note="n", share=0.5, tone="warn", pick=Pick("f", "id", "1", "Pick a"))
    posted, led = Action("End", "/end", "it", post=True, danger=True), Action("Edit", "/edit", "it")

    first = rowhtml.rows(table(linked), "/root")
    deeds = rowhtml.rows(table(cells.actions(posted, led)), "/root")

    assert first.startswith(
        '<tr><td class="c-first"><label class="pick"><input type="checkbox" form="f" name="id" value="1">'
    )
    assert '<a href="/root/x?a=1&amp;b=2" data-row>a</a><small class="note">n</small><svg class="meter warn"' in first
    assert '<form method="post" action="/root/end"><button class="button small danger" aria-label="End it">' in deeds
    assert '<a class="button small" href="/root/edit" aria-label="Edit it">Edit</a>' in deeds
    assert 'class="c-first c-act"' in deeds


def test_columns_after_the_first_say_what_they_are_called_and_how_they_are_set() -> None:
    columns = [
        *(Column("a", "A", lambda row: cells.text("a")), Column("b", "B<", lambda row: cells.number(1), number=True)),
        *(Column("c", "C", lambda row: cells.text("c"), wide=True), Column("", "", lambda row: cells.actions())),
    ]

    html = rowhtml.rows(Table(name="t", label="T", columns=columns, rows=[{}]), "")

    assert '<td class="c-first">a</td><td class="c-rest number" data-label="B&lt;">' in html
    assert '<td class="c-rest c-wide" data-label="C">c</td><td class="c-rest c-act"></td>' in html
