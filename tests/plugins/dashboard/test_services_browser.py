"""The pages about services and prompts in a real Chromium: by the keyboard, with a file, and without scripts."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from tests.plugins.dashboard.servicing import PROMPT, REST
from tests.support.chromium import assert_accessible, chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

__all__ = ["chromium", "open_page", "operator"]

LONG = "a-name-without-a-single-space-" * 4


class Model(BaseHTTPRequestHandler):
    """Answers each chat call alike, as a stream where that is asked for."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = {"id": "c", "created": 1, "model": "m", "usage": {"prompt_tokens": 1000, "completion_tokens": 500}}
        if asked.get("stream"):
            first = {**known, "object": "chat.completion.chunk", "usage": None}
            first["choices"] = [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": "stop"}]
            last = {**known, "object": "chat.completion.chunk", "choices": []}
            body = "".join(f"data: {json.dumps(one)}\n\n" for one in (first, last)) + "data: [DONE]\n\n"
        else:
            message = {"role": "assistant", "content": "Hello."}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            body = json.dumps({**known, "object": "chat.completion", "choices": choices})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if asked.get("stream") else "application/json")
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    config = mock_config(f"http://127.0.0.1:{model.server_port}")
    with LiveGateway(tmp_path_factory.mktemp("live"), config) as gateway:
        yield gateway
    model.shutdown()
    model.server_close()


@pytest.fixture(scope="module", autouse=True)
def services(live: LiveGateway) -> None:
    """Have a prompt API in use with releases, trials, problems, a subscriber, and a REST API with a long name."""
    scopes = ("admin:*", "ai:*", "model:*", "service:*")
    token = live.token(*(part for scope in scopes for part in ("--scope", scope)))["token"]
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{live.url}/_tollbridge/api/v1", headers=headers) as api:

        def post(path: str, body: Any = None) -> Any:
            reply = api.post(path, json=body) if body is not None else api.post(path)
            assert reply.status_code < 400, reply.text
            return reply.json()

        definition = {**PROMPT["definition"], "model": "gpt-4o-mini"}  # type: ignore[dict-item]
        slos = [{"name": "fast", "objective": 99.5, "latency_ms": 800}]
        more = {"access": "scope", "slos": slos, "docs": "# Read me", "tags": ["text"], "definition": definition}
        post("/plans", {"name": "gold"})
        post("/services", {"slug": "sum", "kind": "prompt", "draft": {**PROMPT, **more, "plans": ["gold"]}})
        post("/services/sum/releases", {"version": "1.0.0", "note": "The first."})
        post("/services/sum/releases/1/prove")
        post("/services/sum/releases/1/publish")
        for body in ({"text": "hi"}, {"text": "hi"}, {"txt": "hi"}):
            httpx2.post(f"{live.url}/v1/apis/sum", json=body, headers=headers)
        user = {"draft": {"definition": {**definition, "user": "Sum up: {{text}}"}}}
        api.patch("/services/sum", json=user)
        post("/services/sum/releases", {"version": "1.1.0"})
        post("/services/sum/releases/2/submit", {"why": "please"})
        api.patch("/services/sum", json={"draft": {"policies": {"masking": {"level": "full"}, "nobody": {}}}})
        application = post("/applications", {"name": "shop front"})
        wish = {"application": application["id"], "service": "sum", "plan": "gold", "why": LONG}
        post("/subscriptions", wish)
        post("/services", {"slug": "orders", "kind": "rest", "draft": {**REST, "name": LONG[:90]}})


def test_prompt_is_begun_tried_released_and_published_by_the_keyboard(
    live: LiveGateway, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/prompts")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.get_by_role("link", name="Summarise a text").press("Enter")
    page.get_by_label("Name").fill("By hand")
    page.get_by_label("Slug").fill("by-hand")
    page.get_by_label("Model").fill("gpt-4o-mini")
    page.get_by_label("Model").press("Enter")

    page.get_by_role("heading", name="Try it").wait_for()
    page.get_by_label("What is asked").fill("{{text}} and {{nobody}}")
    assert page.locator("#shown-user .chip.unknown").inner_text() == "nobody"
    page.get_by_role("button", name="Add a variable").press("Enter")
    page.keyboard.type("nobody")
    assert page.locator("#shown-user .chip").all_inner_texts() == ["text", "nobody"]
    assert page.locator("#shown-user .chip.unknown").count() == 0
    page.get_by_label("What is asked").fill("{{text}}")
    page.locator("[name=v_name]").last.fill("")
    page.locator("#f-s_text").fill("The bridge at Elm Road is closed.")
    page.get_by_role("button", name="Run", exact=True).press("Enter")
    page.get_by_text("Answered").wait_for()
    assert page.locator(".ran pre").inner_text() == "Hello."
    assert "1,000 tokens in, 500 out" in page.inner_text(".ran")
    for row in page.locator("[name=c_name], [name=c_variables], [name=c_expect]").all():
        row.fill("")
    page.get_by_role("button", name="Save draft").first.press("Enter")
    page.get_by_text("The draft is saved").wait_for()

    page.get_by_role("link", name="Release and publish").press("Enter")
    page.get_by_label("Version").fill("1.0.0")
    page.get_by_label("Version").press("Enter")
    page.get_by_text("The release is made").wait_for()
    page.get_by_role("link", name="Publish 1.0.0").press("Enter")
    page.get_by_role("button", name="Publish").press("Enter")
    page.get_by_text("It serves from now on").wait_for()
    assert page.locator(".steps [aria-current]").inner_text().endswith("Published")


def test_document_of_a_file_is_seen_before_it_is_sent(
    live: LiveGateway, open_page: Callable[..., Any], tmp_path: Any
) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "Depots", "version": "1"}, "paths": {"/depots": {"get": {}}}}
    file = tmp_path / "depots.json"
    file.write_text(json.dumps({**document, "servers": [{"url": "https://depots.example"}]}))
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/services/new/openapi")

    page.get_by_label("Choose a file").set_input_files(file)
    page.wait_for_function("document.getElementById('f-text').value.includes('Depots')")
    page.get_by_label("Slug").fill("depots")
    page.get_by_role("button", name="Show what it makes").click()
    page.get_by_text("1 operation will be served").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Create draft").click()

    page.get_by_text("The service is there").wait_for()
    assert page.locator("h1").inner_text().startswith("Depots")


def test_prompt_is_changed_and_run_without_scripts(live: LiveGateway, open_page: Callable[..., Any]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{live.url}/_tollbridge/services/sum/prompt")
    assert page.locator("#shown-system .chip").inner_text() == "sentences"

    page.locator("[name=v_name]").last.fill("tone")
    page.get_by_label("What is run").select_option("1")
    page.locator("#f-s_text").fill("hi")
    page.get_by_role("button", name="Run", exact=True).click()

    assert "Answered" in page.inner_text(".ran")
    assert page.locator("[name=v_name]").nth(2).input_value() == "tone"
