"""The pages in a real Chromium: quiet, accessible, and alive."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.chromium import LOOKS, SIZES, assert_accessible, chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

__all__ = ["chromium", "open_page", "operator"]


def test_chromium_is_there_where_it_is_required() -> None:
    if "chromium" in os.environ.get("TOLLBRIDGE_TEST_REQUIRE", ""):
        assert missing() == ""


class Upstream(BaseHTTPRequestHandler):
    """Answers each chat call alike."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        body = json.dumps({**answer, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


PANELS = """
from tollbridge import Panel, hookimpl

@hookimpl
def register_panels(register):
    rows = tuple((f"queue {n} " + "long-name-without-a-space-" * 8, n * 1000, 0.5) for n in range(60))
    register("queues", lambda gateway: Panel("Queues", ("name", "waiting", "share"), rows, "since the start"))
    register("broken", lambda gateway: 1 / 0)
"""


def install_panels(site: Path) -> Path:
    """Install a plugin with panels, one of which fails."""
    (site / "tollbridge_panels-1.dist-info").mkdir()
    (site / "tollbridge_panels-1.dist-info" / "entry_points.txt").write_text("[tollbridge]\nsample = sample_panels\n")
    (site / "tollbridge_panels-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: p\nVersion: 1\n")
    (site / "sample_panels.py").write_text(PANELS)
    return site


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    config = mock_config(f"http://127.0.0.1:{upstream.server_port}")
    site = str(install_panels(tmp_path_factory.mktemp("site")))
    with LiveGateway(tmp_path_factory.mktemp("live"), config, env={"PYTHONPATH": site}) as gateway:
        yield gateway
    upstream.shutdown()
    upstream.server_close()


def call(live: LiveGateway, token: str, **fields: Any) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}], **fields}
    url = f"{live.url}/v1/chat/completions"
    assert httpx2.post(url, json=body, headers={"authorization": f"Bearer {token}"}).status_code == 200


@pytest.fixture(scope="module")
def worries(live: LiveGateway) -> None:
    """Have a token over its budget, one near it, and one with a long name that ends soon."""
    for name, budget in (("over", "0.00045/month"), ("near", "0.0005/day")):
        token = live.token("--name", name, "--owner", "Research", "--budget", budget)["token"]
        call(live, token, max_tokens=10)
    live.token("--name", "a-token-with-quite-a-long-name-for-a-narrow-screen", "--expires", "3d")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_are_quiet_and_accessible(live, open_page, width, theme) -> None:
    page = open_page(width, theme)
    base = f"{live.url}/_tollbridge"
    page.goto(f"{base}/")
    assert_accessible(page)

    page.goto(f"{base}/tokens/new?name=look-{width}-{theme}&budget=25")
    assert_accessible(page)
    page.get_by_role("button", name="Create token").click()
    secret = page.locator("#secret").inner_text()
    assert_accessible(page)
    call(live, secret)
    page.get_by_text("The first call arrived").wait_for(timeout=15_000)

    page.goto(f"{base}/tokens?q=look-{width}")
    page.get_by_role("link", name="Revoke look").first.click()
    page.get_by_role("heading", name="Revoke").wait_for()
    assert_accessible(page)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_what_needs_somebody_is_accessible(live, worries, open_page, width, theme) -> None:
    page = open_page(width, theme)
    base = f"{live.url}/_tollbridge"
    page.goto(f"{base}/")
    assert "near budget: near $0.00045 of $0.0005 today" in page.inner_text(".attention")
    assert_accessible(page)

    page.get_by_role("region", name="Needs attention").get_by_role("link", name="1 token").first.click()

    page.get_by_role("heading", name="Tokens").wait_for()
    assert page.locator("tbody [data-row] b").all_inner_texts() == ["over"]
    assert_accessible(page)


@pytest.mark.parametrize("width", [1440, 1330, 1200, 1000, 780, 390, 320])
def test_nothing_is_wider_than_its_card(live, worries, open_page, width) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 900})

    for path in ("/", "/?range=30d", "/tokens", "/tokens/new"):
        page.goto(f"{live.url}/_tollbridge{path}")
        wide = page.evaluate(
            """() => [...document.querySelectorAll(".card *")]
              .filter((part) => !part.closest(".scroll, svg, .hidden, thead")
              && part.getBoundingClientRect().right > part.closest(".card").getBoundingClientRect().right + 0.5)
              .map((part) => part.outerHTML.slice(0, 80))"""
        )
        assert wide == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_what_stands_in_a_row_is_aligned(live, worries, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/tokens/new")
    fields = page.locator(".four input, .four select").evaluate_all(
        "found => found.map((one) => [one.getBoundingClientRect().top, one.getBoundingClientRect().height])"
    )
    page = open_page(390)
    page.goto(f"{live.url}/_tollbridge/")
    ends = page.locator(".calls .c-what").evaluate_all(
        """found => found.map((one) => {
          const text = document.createRange();
          text.selectNodeContents(one);
          return Math.round(text.getBoundingClientRect().right);
        })"""
    )

    assert len({tuple(field) for field in fields}) == 1
    assert len(set(ends)) == 1


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_door_is_quiet_and_accessible(live, chromium, width, theme) -> None:
    context = chromium.new_context(viewport={"width": width, "height": SIZES[width]}, color_scheme=theme)
    page = context.new_page()
    page.goto(live.run("admin-link", "--base-url", live.url).stdout.strip())
    assert_accessible(page)
    page.goto(f"{live.url}/_tollbridge/tokens")
    assert "tollbridge admin-link" in page.inner_text("main")
    assert_accessible(page)
    context.close()


def test_home_follows_the_calls_by_itself(live, open_page) -> None:
    token = live.token("--scope", "ai:*", "--scope", "model:*")["token"]
    call(live, token)
    page = open_page()
    page.clock.install()
    page.goto(f"{live.url}/_tollbridge/")
    before = int(page.locator("#requests data").get_attribute("value"))
    page.locator("#traffic-numbers summary").click()
    page.evaluate("document.activeElement.blur()")

    call(live, token)
    page.clock.run_for(16_000)

    page.locator(f'#requests data[value="{before + 1}"]').wait_for(timeout=10_000)
    assert page.locator("#traffic-numbers").get_attribute("open") is not None


def test_everything_goes_by_the_keyboard(live, open_page) -> None:
    call(live, live.token("--scope", "ai:*", "--scope", "model:*")["token"])
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/")

    chart = page.locator("#traffic [data-chart]")
    chart.focus()
    chart.press("End")
    assert "requests" in page.locator(".tip").inner_text()
    chart.press("Escape")
    assert not page.locator(".tip").is_visible()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("live")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Search").wait_for()
    page.goto(f"{live.url}/_tollbridge/tokens")
    page.keyboard.press("n")
    page.get_by_role("heading", name="New token").wait_for()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_panels_of_plugins_look_like_the_page_and_a_broken_one_says_so(live, open_page, width, theme) -> None:
    page = open_page(width, theme)
    page.goto(f"{live.url}/_tollbridge/")

    panels = page.locator("section.panel")
    queues, broken = panels.nth(0), panels.nth(1)

    assert "and 10 more rows" in queues.inner_text()
    assert "could not be shown" in broken.inner_text()
    assert queues.locator("td.number").first.evaluate("e => getComputedStyle(e).textAlign") == "right"
    assert_accessible(page)


def test_menu_opens_on_a_phone(live, open_page) -> None:
    page = open_page(390)
    page.goto(f"{live.url}/_tollbridge/")
    assert not page.locator("#nav").is_visible()

    page.get_by_role("button", name="Menu").click()
    assert_accessible(page)
    page.locator("#nav").get_by_role("link", name="Tokens").click()

    page.get_by_role("heading", name="Tokens").wait_for()


def test_all_of_it_works_without_scripts(live, open_page) -> None:
    page = open_page(theme="dark", java_script_enabled=False)
    page.goto(live.run("admin-link", "--base-url", live.url).stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Name").fill("no-scripts")
    page.get_by_role("button", name="Create token").click()
    assert page.locator("#secret").inner_text().startswith("tb_")

    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Use the light theme").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.get_by_role("link", name="Revoke").click()
    page.get_by_label("Type the token's name").fill("no-scripts")
    page.get_by_role("button", name="Revoke for good").click()
    page.get_by_text("It is refused from now on").wait_for()
    page.get_by_role("button", name="Sign out").click()
    assert "You are signed out" in page.inner_text("main")
