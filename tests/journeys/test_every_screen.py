"""Every page in a real Chromium: light, quiet, accessible, still, and with names that stay text (T29).

Pictures of those named in `PICTURED` go to the folder that `TOLLBRIDGE_SCREENS` names.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import compile_path
from tests.journeys.filled import EMAIL, PARTS, Filled, filled
from tests.support.chromium import REFUSALS, SIZES, chromium, missing, opening, signed_in, violations
from tests.support.offered import offered
from tests.support.visiting import MOCK, PASSWORD

from tollbridge.testing import FixedClock, make_gateway

__all__ = ["chromium"]

LARGEST_BYTES, MOST_REQUESTS, MOST_MOVED = 60_000, 10, 0.01
TALLEST = 1_800
"""Of a picture, in pixels."""
PICTURES = os.environ.get("TOLLBRIDGE_SCREENS", "")
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
WATCH = """
window.moved = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
OUTSIDE = """() => [...document.querySelectorAll(".card *")].filter((part) => {
  if (part.closest("pre, svg, .hidden, .segments, thead, .scroll, textarea, .tablist")) return false;
  const own = part.getBoundingClientRect(), card = part.closest(".card").getBoundingClientRect();
  return own.width > 0 && (own.right > card.right + 1.5 || own.left < card.left - 1.5);
}).map((part) => part.outerHTML.slice(0, 200))"""
FITS = "document.documentElement.scrollWidth <= innerWidth"
NARROWER = {1440: (1000, 780), 390: (320,)}
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
            found = [] if name in OTHERS else [one for one in (wire.said(), *_wrong(page, name, width)) if one]
            wrong |= {name: found} if found else {}

    assert wrong == {}, wrong


def _wrong(page: Any, name: str, width: int) -> Iterator[Any]:
    """Say what is wrong with a page, once for each theme."""
    yield page.locator(MADE).evaluate_all("found => found.map((one) => one.outerHTML)")
    moved = page.evaluate("window.moved")
    yield moved if moved > MOST_MOVED else ""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        yield violations(page)
        if PICTURES and name in PICTURED and theme == ("light" if width > 1000 else "dark"):
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            picture = Path(PICTURES) / f"{name}-{width}-{theme}.jpg"
            height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            clip = {"x": 0, "y": 0, "width": width, "height": height}
            page.screenshot(path=picture, full_page=True, type="jpeg", quality=55, clip=clip)
    for narrow in (width, *NARROWER[width]):
        page.set_viewport_size({"width": narrow, "height": SIZES[width]})
        yield [(narrow, part) for part in page.evaluate(OUTSIDE)]
        yield "" if page.evaluate(FITS) else f"wider than a window of {narrow}"
    page.set_viewport_size({"width": width, "height": SIZES[width]})
    page.emulate_media(color_scheme="light")


class Wire:
    """What a page asks for, with nothing kept from before."""

    def __init__(self, page: Any) -> None:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", self._finished)
        self.begin()

    def begin(self) -> None:
        """Count from here on."""
        self._sizes: list[float] = []

    def said(self) -> str:
        """Say what is too much, if anything."""
        fits = sum(self._sizes) <= LARGEST_BYTES and 0 < len(self._sizes) <= MOST_REQUESTS
        return "" if fits else f"{sum(self._sizes)} bytes in {len(self._sizes)} answers"

    def _finished(self, event: dict[str, Any]) -> None:
        self._sizes.append(event["encodedDataLength"])


def test_every_page_is_among_them(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    under = make_gateway(MOCK, data=tmp_path, clock=FixedClock())
    paths = {page.path for page in offered(under.gateway) if page.method == "GET"}
    visited = [path.partition("?")[0] for group in (*seen.full.paths.values(), seen.own) for path in group.values()]

    missed = {path for path in paths - DATA if not any(compile_path(path)[0].fullmatch(one) for one in visited)}

    assert len(paths) > 100
    assert missed == set()
