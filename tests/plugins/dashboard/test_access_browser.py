"""Tokens and approvals in a real Chromium: what scripts add, what goes without them, and all of it by the keyboard."""

import json
from collections.abc import Iterator

import pytest
from tests.plugins.dashboard.test_waits_browser import do
from tests.support.chromium import chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

__all__ = ["chromium", "open_page", "operator"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway


def test_summary_follows_what_is_typed(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/tokens/new")
    words = page.locator("[data-summary]")

    page.get_by_label("Name", exact=True).fill("till <b>")
    page.get_by_label("Budget").fill("25")
    page.get_by_label("For each").select_option("day")
    page.get_by_role("checkbox", name="embeddings").uncheck()

    said = words.inner_text()
    assert "It is called till <b>." in said
    assert "It spends at most $25 a day." in said
    assert "It may call chat, every model." in said
    assert words.locator("b").count() == 0
    page.get_by_label("Name", exact=True).fill("")
    assert "It needs a name." in words.inner_text()


def test_token_is_made_changed_and_rotated_by_the_keyboard_alone(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/tokens")
    page.keyboard.press("n")
    page.get_by_role("heading", name="New token").wait_for()
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Copy it now").wait_for()
    first = page.get_by_role("tab", name="curl")
    first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "OpenAI SDKs"
    assert "OPENAI_BASE_URL" in page.get_by_role("tabpanel").inner_text()
    page.get_by_role("link", name="I have copied it").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="by-keyboard").wait_for()
    page.get_by_role("link", name="New secret").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make another secret").focus()
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Copy it now").wait_for()
    assert page.locator("#secret").inner_text().startswith("tb_")


def test_rows_are_ticked_and_revoked_without_scripts(live, open_page) -> None:
    for name in ("ticked-1", "ticked-2"):
        live.token("--name", name)
    page = open_page(theme="dark", java_script_enabled=False)
    page.goto(f"{live.url}/_tollbridge/tokens?q=ticked")
    for name in ("ticked-1", "ticked-2"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()

    page.get_by_role("button", name="Revoke what is ticked").click()
    page.get_by_label("Type how many they are").fill("2")
    page.get_by_role("button", name="Revoke for good").click()

    page.get_by_text("It is refused from now on").wait_for()


@pytest.fixture
def asked(live: LiveGateway) -> None:
    """Have an application ask for a service."""
    draft = live.folder / "quick.json"
    draft.write_text(json.dumps({"name": "Quick", "definition": {"model": "gpt-4o-mini"}}))
    do(live, "service", "create", "quick", "--kind", "model", "--file", str(draft))
    do(live, "service", "release", "quick", "--version", "1")
    do(live, "service", "publish", "quick", "1")
    made = do(live, "application", "create", "--name", "front", "--scope", "ai:chat")
    do(live, "subscription", "ask", made["id"], "quick")


def test_what_an_application_asked_for_is_decided_on_from_home(live, asked, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/")

    page.get_by_role("region", name="Needs attention").get_by_role("link", name="Decide").first.click()
    page.get_by_label("What you say to it").fill("not now")
    page.get_by_role("button", name="Refuse").click()

    page.get_by_text("Nothing waits for you to decide on.").wait_for()
