"""Services for tests of their pages, made by the admin API, and what is asked of it besides."""

import re
from html import unescape
from typing import Any

import httpx2
from tests.support.visiting import Visitor

from tollbridge.screens import Asking
from tollbridge.screens.viewing import Viewer

BEHIND = {"upstreams": {"main": {"nodes": [{"url": "https://api.example.com"}]}}}
ROUTES = [{"name": "all", "path": "/{rest*}", "upstream": "main"}]
REST = {"name": "Orders", "description": "All orders.", "definition": {**BEHIND, "routes": ROUTES}}
PROMPT = {
    "name": "Sum up",
    "access": "scope",
    "definition": {
        "model": "small",
        "system": "Write {{ sentences }} sentences.",
        "user": "{{text}}",
        "variables": {
            "text": {"type": "string", "maxLength": 2000, "description": "What is summed up."},
            "sentences": {"type": "integer", "minimum": 1, "default": 3},
        },
        "tests": {"cases": [{"name": "it greets", "variables": {"text": "hi"}, "expect": [{"contains": "Hello"}]}]},
    },
}


def api(visit: Visitor) -> Asking:
    """Give what asks the admin API as the operator."""
    return Asking(visit.under.gateway, Viewer(None))  # type: ignore[arg-type]  # nobody asks for its session


async def begun(
    visit: Visitor, slug: str = "orders", kind: str = "rest", team: str = "", **draft: Any
) -> dict[str, Any]:
    """Begin a service."""
    own = PROMPT if kind == "prompt" else REST
    wish = {"slug": slug, "kind": kind, "team": team, "draft": {**own, **draft}}
    found: dict[str, Any] = await api(visit).post("/services", wish)
    return found


async def released(visit: Visitor, slug: str = "orders", version: str = "1.0", **how: Any) -> int:
    """Make a release of the draft; gives its number."""
    made = await api(visit).post(f"/services/{slug}/releases", {"version": version, **how})
    return int(made["number"])


async def published(visit: Visitor, slug: str = "orders", version: str = "1.0", **how: Any) -> int:
    """Make a release of the draft, try it, and publish it."""
    number = await released(visit, slug, version)
    await api(visit).post(f"/services/{slug}/releases/{number}/prove")
    await api(visit).post(f"/services/{slug}/releases/{number}/publish", how)
    return number


async def draft(visit: Visitor, slug: str = "orders") -> dict[str, Any]:
    """Read a draft."""
    found: dict[str, Any] = (await api(visit).get(f"/services/{slug}/draft"))["draft"]
    return found


def fields(page: httpx2.Response | str) -> dict[str, str]:
    """Give the hidden fields of a page's forms; of those with one name the last."""
    html = page if isinstance(page, str) else page.text
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)}


def whole_form(page: httpx2.Response) -> dict[str, list[str]]:
    """Give the fields of the editor as a browser would send them."""
    html = page.text.partition('id="editor"')[2].partition("</form>")[0]
    found: dict[str, list[str]] = {}
    pattern = (
        r"<input(?P<input>[^>]*)>|<textarea(?P<area>[^>]*)>\n?(?P<text>.*?)</textarea>"
        r"|<select(?P<select>[^>]*)>(?P<options>.*?)</select>"
    )
    for one in re.finditer(pattern, html, re.DOTALL):
        tag = one["input"] or one["area"] or one["select"] or ""
        name = re.search(r'name="([^"]*)"', tag)
        if name is None or ('type="checkbox"' in tag and " checked" not in tag):
            continue
        value = re.search(r'value="([^"]*)"', tag)
        said = one["text"] if one["area"] else value[1] if value else ""
        if one["select"]:
            chosen = re.search(r'value="([^"]*)" selected', one["options"]) or re.search(
                r'value="([^"]*)"', one["options"]
            )
            said = chosen[1] if chosen else ""
        found.setdefault(unescape(name[1]), []).append(unescape(said))
    return found
