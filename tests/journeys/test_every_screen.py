"""Every page in a real Chromium: light, quiet, accessible, still, and with names that stay text (T29).

Pictures of those named in `PICTURED` go to the folder that `TOLLBRIDGE_SCREENS` names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import compile_path
from tests.journeys.filled import EMAIL, PARTS, Filled, filled
from tests.journeys.looking import PICTURES, WATCH, Wire, faults, take
from tests.support.chromium import REFUSALS, SIZES, chromium, missing, opening, signed_in
from tests.support.offered import offered
from tests.support.visiting import MOCK, PASSWORD

from tollbridge.testing import FixedClock, make_gateway

__all__ = ["chromium"]

PICTURED = (
    *("home", "usage", "log", "call", "limits", "explained", "tokens", "token", "token-new", "token-rotate"),
    *("services", "service", "service-access", "service-lifecycle", "service-policies", "service-settings"),
    *("service-diff", "release", "prompts", "service-prompt", "prompt-compare", "rest-endpoints", "service-new"),
    *("applications", "application", "approvals", "approval", "teams", "team", "people", "person", "roles"),
    *("models", "model", "providers", "provider", "provider-new", "clients", "webhook", "audit", "plugins", "jobs"),
    *("settings", "portal", "portal-models", "portal-service", "portal-setup", "portal-tool", "search"),
    *("my-usage", "my-tokens"),
)
DATA = {
    *("/services/{service}/openapi.json", "/portal/services/{service}/openapi.json", "/portal/reference/admin.json"),
    *("/portal/reference/swagger/{version}/{name}", "/tokens/{id}/used", "/my/tokens/{id}/used"),
}
"""What is no page: it is read by one."""
OTHERS = {"reference-admin", "reference-service"}
"""Swagger UI's own pages: they are larger, and what axe finds in them is not ours."""
CHINESE = {"home", "usage", "token-new", "settings", "audit", "portal-service"}
PRINTS = {"usage", "audit"}
"""Of these there are pictures in Chinese, and on paper."""
PAPER = 794
"""The width of A4, in pixels."""
PRINTED = """() => {
  const parts = (query) => [...document.querySelectorAll(query)].filter((part) => part.checkVisibility());
  const found = parts(".side, .top, .skip, .paging, .acts, .foot button").map((part) => part.outerHTML.slice(0, 100));
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`wider than paper: ${wide}`);
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number); return (r + g + b) / 3; };
  for (const part of parts("h1, h2, p, td, dd, label, .card")) {
    const look = getComputedStyle(part);
    const html = part.outerHTML.slice(0, 100);
    if (light(look.color) > 140 && !part.closest(".button, .pill, .tag")) found.push(`pale: ${html}`);
    if (part.matches(".card") && light(look.backgroundColor) < 240) found.push(`dark: ${html}`);
  }
  return found;
}"""
"""What is wrong with a page on paper."""
MADE = "main :is(script, img, iframe, embed, object, link, meta, base, a[href^='javascript:'], [onerror], [onload])"
"""What no page of ours has: a name has become it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A filled gateway, and the browsers of the operator and of one person, with the paths of what is that person's."""

    full: Filled
    operator: Any
    person: Any
    own: dict[str, str]


@pytest.fixture(scope="module")
def seen(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    if missing():
        pytest.skip(missing())
    with filled(tmp_path_factory.mktemp("full")) as full:
        person, own = _owning(chromium, full)
        yield Seen(full, signed_in(chromium, full.gateway), person, own)


def _owning(browser: Any, full: Filled) -> tuple[Any, dict[str, str]]:
    """Sign a person in, and have a token made that is theirs and a call of it; gives the browser and what it sees."""
    base = f"{full.gateway.url}/_tollbridge"
    with opening(browser, spared=REFUSALS) as open_page:
        page = open_page()
        page.goto(f"{base}/my/tokens")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="My tokens").wait_for()
        page.goto(f"{base}/tokens/new?name={full.naughty}")
        page.get_by_label("Team").select_option("shop")
        page.get_by_role("button", name="Create token").click()
        call = full.call(page.locator("#secret").inner_text()).headers["x-request-id"]
        page.get_by_role("link", name="I have copied it").click()
        id = page.url.rpartition("/")[2]
        state = page.context.storage_state()
    person = full.paths["people"]["person-ada"]
    session = full.api.get(f"{person}/sessions")["items"][0]["id"]
    own = {f"my-token-{deed}": f"/my/tokens/{id}/{deed}" for deed in ("rotate", "revoke")}
    own |= {"my-usage": "/my/usage", "my-log": "/my/log", "my-call": f"/my/log/{call}", "my-tokens": "/my/tokens"}
    own |= {"my-token": f"/my/tokens/{id}", "my-sessions": "/sign-in/sessions", "my-password": "/sign-in/password"}
    own |= {"my-invitations": "/sign-in/invitations", "session-end": f"{person}/sessions/{session}/end"}
    return state, own


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("part", [*PARTS, "own"])
def test_page_is_light_quiet_still_and_accessible_and_names_stay_text(
    chromium: Any, seen: Seen, part: str, width: int
) -> None:
    state, paths = (seen.person, seen.own) if part == "own" else (seen.operator, seen.full.paths[part])
    wrong: dict[str, Any] = {}
    with opening(chromium, state) as open_page:
        page = open_page(width, reduced_motion="reduce")
        page.add_init_script(WATCH)
        wire = Wire(page)
        for name, path in paths.items():
            wire.begin()
            reply = page.goto(f"{seen.full.gateway.url}/_tollbridge{path}")
            assert reply.status == 200, name
            assert "total;dur=" in reply.headers["server-timing"], name
            if name in OTHERS:
                continue
            found = [*page.locator(MADE).evaluate_all("found => found.map((one) => one.outerHTML)"), *wire.faults()]
            found += faults(page, width, picture=name if name in PICTURED else "")
            wrong |= {name: found} if found else {}

    assert wrong == {}, wrong


@pytest.mark.parametrize("part", PARTS)
def test_page_in_chinese_is_accessible_and_fits(chromium: Any, seen: Seen, part: str) -> None:
    wrong: dict[str, Any] = {}
    with opening(chromium, seen.operator) as open_page:
        page = open_page(390, locale="zh-CN", reduced_motion="reduce")
        page.add_init_script(WATCH)
        for name, path in seen.full.paths[part].items():
            page.goto(f"{seen.full.gateway.url}/_tollbridge{path}")
            if name in OTHERS:
                continue
            found = [*faults(page, 390, themes=("dark",), picture=f"{name}-zh" if name in CHINESE else "")]
            found += [] if page.locator("html").get_attribute("lang") == "zh-Hans" else ["not in Chinese"]
            wrong |= {name: found} if found else {}

    assert wrong == {}, wrong


@pytest.mark.parametrize("part", PARTS)
def test_page_that_is_printed_is_black_on_white_without_what_leads_elsewhere(
    chromium: Any, seen: Seen, part: str
) -> None:
    wrong: dict[str, Any] = {}
    with opening(chromium, seen.operator) as open_page:
        page = open_page(PAPER, "dark", reduced_motion="reduce")
        page.context.add_cookies([{"name": "tollbridge_theme", "value": "dark", "url": seen.full.gateway.url}])
        page.emulate_media(media="print", color_scheme="dark")
        for name, path in seen.full.paths[part].items():
            page.goto(f"{seen.full.gateway.url}/_tollbridge{path}")
            if name in OTHERS:
                continue
            found = page.evaluate(PRINTED)
            wrong |= {name: found} if found else {}
            if PICTURES and name in PRINTS:
                take(page, f"{name}-print")

    assert wrong == {}, wrong


def test_every_page_is_among_them(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    under = make_gateway(MOCK, data=tmp_path, clock=FixedClock())
    paths = {page.path for page in offered(under.gateway) if page.method == "GET"}
    visited = [path.partition("?")[0] for group in (*seen.full.paths.values(), seen.own) for path in group.values()]

    missed = {path for path in paths - DATA if not any(compile_path(path)[0].fullmatch(one) for one in visited)}

    assert len(paths) > 100
    assert missed == set()
