"""Panels of other plugins: shown as data, and never in the way of the page."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from markupsafe import Markup
from structlog.testing import capture_logs
from tests.plugins.dashboard.conftest import Visitor

from tollbridge import Gateway, Panel, hookimpl

MARKUP = "<script>alert(1)</script><b onclick='x()'>"


class Shows:
    """A plugin with one panel a name."""

    def __init__(self, **panels: Callable[[Gateway], Any]) -> None:
        self._panels = panels

    @hookimpl
    def register_panels(self, register: Callable[[str, Callable[[Gateway], Any]], None]) -> None:
        for name, render in self._panels.items():
            register(name, render)


@pytest.fixture
def home(gateway: Any) -> Callable[..., Any]:
    """Give `await home(name=render, ...)`: the text of Home with these panels."""

    async def show(**panels: Callable[[Gateway], Any]) -> str:
        gw = gateway({"plugins": {"timeout_s": 0.05}}, plugins=(Shows(**panels),))
        reply = await (await Visitor(gw).sign_in()).get("/")
        assert reply.status_code == 200
        return str(reply.text)

    return show


def sections(page: str) -> list[str]:
    return re.findall(r'<section class="card panel">.*?</section>', page, re.DOTALL)


async def test_panels_are_shown_in_order_whether_plain_or_async(home: Any) -> None:
    async def later(gateway: Gateway) -> Panel:
        await asyncio.sleep(0)
        return Panel("Later", ("who", "calls", "ends"), (("ada", 1234, None), ("bob", 5, 7)), "this week")

    def models(gateway: Gateway) -> Panel:
        return Panel("Models", ("count",), ((len(gateway.models()),),))

    first, second = sections(await home(later=later, models=models))

    assert '<h2>Later</h2><span class="sub">this week</span>' in first
    assert '<th scope="col">who</th><th scope="col" class="number">calls</th><th scope="col">ends</th>' in first
    assert '<td>ada</td><td class="number">1,234</td><td>–</td>' in first
    assert '<td>bob</td><td class="number">5</td><td class="number">7</td>' in first
    assert "<h2>Models</h2></header>" in second


@pytest.mark.parametrize("kind", [str, Markup])
async def test_markup_of_a_panel_is_text(home: Any, kind: Callable[[str], str]) -> None:
    text = kind(MARKUP)
    panel = Panel(text, (text,), ((text,),), text)

    page = await home(odd=lambda gateway: panel)

    assert MARKUP not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5


async def test_markup_in_the_name_of_a_panel_that_fails_is_text(home: Any) -> None:
    page = await home(**{MARKUP: lambda gateway: 1 / 0})

    assert MARKUP not in page
    assert "&lt;script&gt;" in page


def breaks(gateway: Gateway) -> Panel:
    raise RuntimeError("no queue")


async def hangs(gateway: Gateway) -> Panel:
    await asyncio.Event().wait()
    return Panel("never")


def lies(gateway: Gateway) -> str:
    return "<p>markup</p>"


def misfits(gateway: Gateway) -> Panel:
    return Panel("Odd", ("a",), (("b", "c"),))


def counts_too_far(gateway: Gateway) -> Panel:
    return Panel("Odd", ("digits",), ((10**5_000,),))  # more than Python writes


@pytest.mark.parametrize("render", [breaks, hangs, lies, misfits, counts_too_far])
async def test_panel_that_fails_leaves_the_others_and_the_page_alone(home: Any, render: Any) -> None:
    with capture_logs() as logged:
        page = await home(bad=render, good=lambda gateway: Panel("Good"))

    bad, good = sections(page)
    assert "<h2>bad</h2>" in bad
    assert "This panel could not be shown; the log says why." in bad
    assert "There is nothing to show." in good
    (said,) = [entry for entry in logged if entry["event"] == "panel_failed"]
    assert said["panel"] == "bad"
    assert said["reason"].partition(":")[0] in (
        "RuntimeError",
        "TimeoutError",
        "TypeError",
        "ValueError",
        "PluginError",
    )
    assert ".py:" in said["where"]
    assert "exc_info" not in said


async def test_long_panel_is_cut_and_says_so(home: Any) -> None:
    rows = tuple((f"row {n}", "x" * 5_000) for n in range(73))

    (shown,) = sections(await home(long=lambda gateway: Panel("Long", ("row", "text"), rows)))

    assert shown.count("<tr>") == 51
    assert "and 23 more rows" in shown
    assert "row 49" in shown
    assert "row 50" not in shown
    assert "x" * 199 + "…" in shown
    assert "x" * 200 not in shown


async def test_numbers_are_written_for_people(home: Any) -> None:
    cells = (1_000_000, 1234.5, Decimal("0.000001"), -2, True, None, "")

    (shown,) = sections(await home(n=lambda gateway: Panel("N", tuple("abcdefg"), (cells,))))

    written = re.findall(r"<td[^>]*>([^<]*)</td>", shown)
    assert written == ["1,000,000", "1,234.5", "0.000001", "-2", "True", "–", ""]


async def test_page_is_fresh_only_when_a_panel_changed(gateway: Any) -> None:
    count = [1]
    gw = gateway({}, plugins=(Shows(n=lambda _: Panel("N", ("n",), ((count[0],),))),))
    visit = await Visitor(gw).sign_in()
    tag = (await visit.get("/")).headers["etag"]

    same = await visit.get("/", **{"if-none-match": tag})
    count[0] = 2
    changed = await visit.get("/", **{"if-none-match": tag})

    assert (same.status_code, changed.status_code) == (304, 200)
