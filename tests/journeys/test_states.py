"""What pages show where there is nothing yet, nothing for whoever looks, no such thing, or no database."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.filled import Api
from tests.journeys.looking import WATCH, faults
from tests.support.chromium import SIZES, chromium, missing, opening, signed_in
from tests.support.live import LiveGateway, mock_config
from tests.support.offered import offered
from tests.support.postgres import PostgresServer
from tests.support.requires import requires
from tests.support.visiting import MOCK, PASSWORD

from tollbridge.testing import FixedClock, make_gateway

__all__ = ["chromium"]

ABOUT_ONE = {"/model", "/portal/reference/admin.json", "/portal/reference", "/portal/reference/admin"}
"""What asks for more than its path, is no page, or is Swagger UI's own."""
LISTS = {
    *("/applications", "/approvals", "/clients", "/limits", "/log", "/my/log", "/my/tokens", "/my/usage", "/people"),
    *("/portal", "/prompts", "/services", "/teams", "/tokens", "/usage", "/webhooks"),
}
PICTURED = {"/": "empty", "/tokens": "empty-tokens", "/services": "empty-services", "/usage": "empty-usage"}
REFUSED = re.compile(r"the server responded with a status of (?:4\d\d|503)")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway that nobody has used."""
    if missing():
        pytest.skip(missing())
    with LiveGateway(tmp_path_factory.mktemp("fresh"), mock_config("https://mock.example")) as gateway:
        yield gateway


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All pages that are about no one thing."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    under = make_gateway(MOCK, data=tmp_path, clock=FixedClock())
    found = {page.path for page in offered(under.gateway) if page.method == "GET" and "{" not in page.path}
    return sorted(found - ABOUT_ONE)


@pytest.mark.parametrize("width", SIZES)
def test_page_of_a_fresh_gateway_says_that_there_is_nothing_and_how_to_begin(
    chromium: Any, fresh: LiveGateway, paths: list[str], width: int
) -> None:
    wrong: dict[str, Any] = {}
    with opening(chromium, signed_in(chromium, fresh)) as open_page:
        page = open_page(width, reduced_motion="reduce")
        page.add_init_script(WATCH)
        for path in paths:
            reply = page.goto(f"{fresh.url}/_tollbridge{path}")
            found = [
                *faults(page, width, picture=f"empty{path.replace('/', '-').rstrip('-')}" if path in PICTURED else "")
            ]
            found += [] if reply.status == 200 else [reply.status]
            said = [text for text in page.locator("main .none").all_inner_texts() if text.strip()]
            found += [] if path not in LISTS or said else ["it does not say that there is nothing"]
            wrong |= {path: found} if found else {}
        page.goto(f"{fresh.url}/_tollbridge/")
        assert page.locator(".begin li").count() == 3
        assert set(paths) > LISTS

    assert wrong == {}, wrong


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("path", ["/tokens/tok_none", "/teams/none", "/nothing/at/all", "/model?id=none"])
def test_page_about_what_is_not_there_says_so(chromium: Any, fresh: LiveGateway, path: str, width: int) -> None:
    with opening(chromium, signed_in(chromium, fresh), spared=REFUSED) as open_page:
        page = open_page(width)
        page.add_init_script(WATCH)
        reply = page.goto(f"{fresh.url}/_tollbridge{path}")

        assert reply.status == 404
        page.get_by_role("heading", name="Nothing here").wait_for()
        assert [*faults(page, width)] == []


@pytest.mark.parametrize("width", SIZES)
def test_whoever_has_no_role_is_told_which_scope_a_page_needs_and_whom_to_ask(
    chromium: Any, fresh: LiveGateway, width: int
) -> None:
    email = f"nobody{width}@example.com"
    api = Api(fresh)
    api.post("/people", email=email, name="Nobody", password=PASSWORD)
    api.close()
    with opening(chromium, spared=REFUSED) as open_page:
        page = open_page(width)
        page.add_init_script(WATCH)
        page.goto(f"{fresh.url}/_tollbridge/audit")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="This is not yours to see").wait_for()

        assert "admin:audit:read" in page.locator("main").inner_text()
        assert [*faults(page, width, picture="denied")] == []


@requires("postgres")
def test_pages_of_a_gateway_whose_database_is_away_say_so_and_come_back(
    chromium: Any, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    database = postgres_server.make_database()
    config = mock_config("https://mock.example", f'[store]\nurl = "{postgres_server.url(database)}"')
    with (
        LiveGateway(tmp_path, config) as gateway,
        opening(chromium, signed_in(chromium, gateway), spared=REFUSED) as open_page,
    ):
        wide, narrow = open_page(1440), open_page(390)
        postgres_server.stop()
        try:
            for path in ("/", "/tokens", "/usage", "/portal", "/my/usage"):
                for page, width in ((wide, 1440), (narrow, 390)):
                    page.add_init_script(WATCH)
                    reply = page.goto(f"{gateway.url}/_tollbridge{path}")
                    assert reply.status == 503, path
                    page.get_by_role("heading", name="Not available").wait_for()
                    assert [*faults(page, width, picture="away" if path == "/" else "")] == []
        finally:
            postgres_server.start()
        reply = wide.goto(f"{gateway.url}/_tollbridge/tokens")

        assert reply.status == 200
        wide.get_by_role("heading", name="Tokens", exact=True).wait_for()
