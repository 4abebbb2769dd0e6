"""The portal in a real Chromium: by the keyboard, and with an answer that comes as it is given."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.portal.visiting import DIGEST
from tests.support.chromium import LOOKS, assert_accessible, chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

__all__ = ["chromium", "open_page", "operator"]

WORDS = ("It ", "will ", "rain ", "tomorrow.")
ORDERS: dict[str, Any] = {**DIGEST, "name": "Orders of a shop with quite a long name", "tags": ["shop", "text"]}


class Upstream(BaseHTTPRequestHandler):
    """Answers each chat call in four pieces, or at once."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
        head = {"id": "c", "created": 1, "model": "m"}
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}
            self._send("application/json", json.dumps({**head, "choices": [choice], "usage": usage}).encode())
            return
        chunks = [{**head, "choices": [{"index": 0, "delta": {"content": word}}]} for word in WORDS]
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage})
        body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self._send("text/event-stream", body.encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    place = tmp_path_factory.mktemp("live")
    config = mock_config(f"http://127.0.0.1:{upstream.server_port}") + '\n[plugins]\ndisabled = ["dashboard"]\n'
    with LiveGateway(place, config) as gateway:
        for slug, draft in (("digest", DIGEST), ("orders", ORDERS)):
            publish(gateway, place, slug, draft)
        yield gateway
    upstream.shutdown()
    upstream.server_close()


def publish(gateway: LiveGateway, place: Path, slug: str, draft: dict[str, Any]) -> None:
    file = place / f"{slug}.json"
    file.write_text(json.dumps(draft))
    gateway.run("service", "create", slug, "--kind", "prompt", "--file", str(file))
    gateway.run("service", "release", slug, "--version", "1.0.0")
    for step in ("submit", "approve", "publish"):
        gateway.run("service", step, slug, "1")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_answer_comes_as_it_is_given_with_its_id(live, open_page, width, theme) -> None:
    page = open_page(width, theme)
    page.goto(f"{live.url}/_tollbridge/portal/services/digest")

    page.get_by_label("text").fill("Will it rain?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("in all").wait_for()

    assert page.locator("[data-answer]").inner_text() == "".join(WORDS)
    assert page.locator("[data-status]").inner_text() == "200"
    assert "req_" in page.locator("[data-facts]").inner_text()
    assert_accessible(page)


def test_whole_answer_says_what_it_cost(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/portal/services/digest")

    page.get_by_label("Show the answer as it comes").uncheck()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("in all").wait_for()

    assert "$0.0" in page.locator("[data-facts]").inner_text()


def test_reference_is_shown_and_says_nothing_to_the_console(live, open_page) -> None:
    page = open_page()

    page.goto(f"{live.url}/_tollbridge/portal/reference/service/digest")

    page.locator(".opblock").first.wait_for()
    page.locator(".opblock-summary").first.click()
    page.get_by_text("Parameters").first.wait_for()


def test_code_is_chosen_by_the_keyboard(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/portal/services/digest")

    tab = page.get_by_role("tab", name="curl")
    tab.focus()
    tab.press("End")
    assert page.get_by_role("tab", name="C#").get_attribute("aria-selected") == "true"
    assert page.locator(".sample:not([hidden])").count() == 1
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "curl"


def test_service_is_found_opened_and_tried_by_the_keyboard_alone(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/portal")

    page.keyboard.press("/")
    page.keyboard.type("digest")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Search").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Try it").wait_for()
    page.get_by_label("text").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Send":
            break
    page.keyboard.press("Enter")
    page.get_by_text("in all").wait_for()


def test_all_of_it_works_without_scripts(live, open_page) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{live.url}/_tollbridge/portal/services/digest")

    page.get_by_label("text").fill("Will it rain?")
    page.get_by_label("Show the answer as it comes").uncheck()
    page.get_by_role("button", name="Send").click()

    page.locator("[data-status]").get_by_text("200").wait_for()
    assert "rain" in page.locator("[data-answer]").inner_text()
