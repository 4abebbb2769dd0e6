"""Teams, people, limits, models, providers and the system's pages in a real Chromium, and a day's work by keys."""

import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from tests.plugins.dashboard.test_browser import Upstream, open_page, session
from tests.support.chromium import LOOKS, assert_accessible, chromium, missing
from tests.support.live import LiveGateway, mock_config

__all__ = ["chromium", "open_page", "session"]

LONG = "a-rather-long-name-without-any-blank-" * 2
OUTSIDE = """() => [...document.querySelectorAll(".card *")].filter((part) => {
  if (part.closest("pre, svg, .hidden, .segments, thead")) return false;
  const own = part.getBoundingClientRect(), card = part.closest(".card").getBoundingClientRect();
  return own.width > 0 && (own.right > card.right + 1.5 || own.left < card.left - 1.5);
}).map((part) => part.outerHTML.slice(0, 200))"""
"""What stands out of its card."""


class Api:
    """The admin API of a gateway, asked over HTTP."""

    def __init__(self, live: LiveGateway) -> None:
        scopes = [word for scope in ("admin:*", "ai:*", "model:*", "service:*") for word in ("--scope", scope)]
        self._key = live.token("--name", "automation", *scopes)["token"]
        self._url = f"{live.url}/_tollbridge/api/v1"

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        reply = httpx2.post(f"{self._url}{path}", json=body, headers={"authorization": f"Bearer {self._key}"})
        assert reply.is_success, reply.text
        found: dict[str, Any] = reply.json()
        return found


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    config = mock_config(f"http://127.0.0.1:{upstream.server_port}")
    with LiveGateway(tmp_path_factory.mktemp("live"), config) as gateway:
        yield gateway
    upstream.shutdown()
    upstream.server_close()


@pytest.fixture(scope="module")
def pages(live: LiveGateway) -> Mapping[str, str]:
    """Fill the gateway; gives the paths of what is to be looked at."""
    api = Api(live)
    api.post(
        "/teams", name="shop", title=LONG, budget={"usd": "0.0005"}, scopes=["ai:*", "model:*", "admin:tokens:write"]
    )
    person = api.post("/people", email=f"{LONG[:60]}@example.com", name=LONG, role="platform-admin")["id"]
    api.post("/teams/shop/members", person=person, role="team-admin")
    invitation = api.post("/teams/shop/invitations", email="new@example.com", role="consumer")["id"]
    hook = api.post("/webhooks", name=LONG, url=f"https://hooks.example.com/{LONG}", events=["token.*"])["id"]
    client = api.post("/clients", name=LONG, scopes=["ai:chat"], redirect_uris=[])["id"]
    api.post("/provider-credentials", provider="openai", key="sk-abcdefghijklmnopqrstuvwxyz0123456789")
    token = live.token("--name", LONG, "--team", "shop", "--budget", "0.00045", "--scope", "ai:*", "--scope", "model:*")
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"authorization": f"Bearer {token['token']}"}
    for most in (10, 1000):
        reply = httpx2.post(f"{live.url}/v1/chat/completions", json={**body, "max_tokens": most}, headers=headers)
    assert reply.status_code == 429
    of_team = {
        "teams": "/teams",
        "team": "/teams/shop",
        "member": "/teams/shop/members/new",
        "invitation": f"/teams/shop/invitations/{invitation}/resend",
        "end": "/teams/shop/end",
    }
    of_people = {
        "people": "/people",
        "person": f"/people/{person}",
        "edit": f"/people/{person}/edit",
        "new": "/people/new",
    }
    of_models = {
        "models": "/models",
        "model": "/model?id=gpt-4o-mini",
        "providers": "/providers?state=known",
        "provider": "/providers/openai",
        "adding": "/providers/new?provider=groq",
    }
    return {
        **of_team,
        **of_people,
        **of_models,
        **{"roles": "/roles", "role": "/roles/team-admin", "limits": "/limits", "clients": "/clients"},
        **{"explain": f"/explain?id={reply.headers['x-request-id']}", "client": f"/clients/{client}"},
        **{
            "new-client": "/clients/new",
            "new-key": f"/clients/{client}/keys/new",
            "webhooks": "/webhooks",
            "webhook": f"/webhooks/{hook}",
        },
        **{"jobs": "/jobs", "plugins": "/plugins", "settings": "/settings"},
    }


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_are_quiet_and_accessible_and_keep_to_their_cards(live, pages, open_page, width, theme) -> None:
    page = open_page(width, theme)
    for name, path in pages.items():
        page.goto(f"{live.url}/_tollbridge{path}")

        assert page.url.endswith(path), name
        assert_accessible(page)
        assert page.evaluate(OUTSIDE) == [], name


def test_nothing_is_wider_than_a_small_phone(live, pages, open_page) -> None:
    page = open_page()
    page.set_viewport_size({"width": 320, "height": 640})
    for name, path in pages.items():
        page.goto(f"{live.url}/_tollbridge{path}")

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate(OUTSIDE) == [], name


def press(page: Any, name: str, key: str = "Enter") -> None:
    """Go by Tab to what has a name, and press a key there."""
    for _ in range(120):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
        )
        if said.strip() == name:
            page.keyboard.press(key)
            return
    raise AssertionError(f"no Tab leads to {name!r}")


def type_into(page: Any, label: str, text: str) -> None:
    """Go by Tab to the field of a label, and type."""
    id = page.get_by_label(label, exact=True).get_attribute("id")
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == id:
            page.keyboard.type(text)
            return
    raise AssertionError(f"no Tab leads to {label!r}")


def test_team_is_made_and_somebody_invited_by_keys_alone(live, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/teams")

    page.keyboard.press("n")
    page.get_by_role("heading", name="New team").wait_for()
    type_into(page, "Title", "By keys")
    type_into(page, "Name", "by-keys")
    page.keyboard.press("Enter")
    page.get_by_text("The team is there").wait_for()
    press(page, "Invite somebody")
    page.get_by_role("heading", name="Invite somebody").wait_for()
    type_into(page, "E-mail address", "keys@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Invitation made").wait_for()

    assert page.locator("#secret-1").inner_text() != ""
    assert_accessible(page)
    press(page, "I have copied it")
    page.get_by_text("keys@example.com").wait_for()
