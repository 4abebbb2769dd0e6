"""A gateway with screens of a plugin of its own, and somebody with a browser before it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.support.visiting import MOCK, Visitor

from tollbridge import Column, MenuEntry, Need, Page, Screen, hookimpl
from tollbridge.errors import Denied
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import Listing, Pages, cells
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway", "mock", "visit"]

LISTING = Listing(
    name="depots",
    label="Depots",
    path="/tokens",
    columns=(Column("name", "Name", lambda row: cells.text(row["name"], strong=True).to("/depots")),),
    filters=("q",),
    scope="admin:tokens:read",
    empty="No depot is called so.",
    unfiltered_empty="There is no depot yet.",
)


def make(pages: Pages) -> Sequence[Page]:
    async def listed(request: Request) -> Response:
        return await LISTING.page(pages, request, "list_page.html", nav="/depots", heading="Depots")

    async def plain(request: Request) -> Response:
        said = pages.told(request, {"built": "It is built."})
        return pages.render(request, "search.html", nav="/depots", searched="", hits=(), said=said)

    async def build(request: Request) -> Response:
        await pages.asking(request).post("/teams", {"name": "depot", "title": "Depot", "scopes": ["ai:*"]})
        return pages.back(request, "/depots/plain", said="built")

    async def refused(request: Request) -> Response:
        await pages.asking(request).get("/teams/nobody")
        raise AssertionError

    async def denied(request: Request) -> Response:
        raise Denied("this is not yours")

    async def broken(request: Request) -> Response:
        raise RuntimeError("a secret: tb_live_123")

    return (
        Page("GET", "/depots", listed, Need("admin:tokens:read")),
        Page("GET", "/depots/plain", plain),
        Page("POST", "/depots", build, Need("admin:teams:write")),
        Page("GET", "/depots/refused", refused),
        Page("GET", "/depots/denied", denied),
        Page("GET", "/depots/broken", broken),
        Page("GET", "/depots/whole", plain, Need("admin:tokens:read", whole=True, elsewhere=True)),
        Page("GET", "/depots/sure", plain, Need(proved=True)),
        Page("POST", "/depots/sure", plain, Need(proved=True)),
    )


def search(pages: Pages) -> Search:
    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        return [Hit(f"{wanted} {number}", f"/depots?q={number}", "Depot") for number in range(20)]

    return find


class Depots:
    """A plugin with a screen, an entry of the menu and a column."""

    screen = Screen(
        name="depots",
        package="tollbridge.screens",
        make=make,
        search=search,
        menu=(
            MenuEntry(title="Depots", path="/depots", group="Depots of ours", scope="admin:tokens:read", key="d"),
            MenuEntry(title="Plain", path="/depots/plain", group="Build", order=900),
        ),
    )

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        register(self.screen)

    @hookimpl
    def register_menu(self, register: Callable[[str, MenuEntry], None]) -> None:
        register("grafana", MenuEntry(title="Graphs", path="/graphs", icon="M0 0h9", group="System", whole=True))

    @hookimpl
    def register_columns(self, register: Callable[[str, Column], None]) -> None:
        def centre(row: Row) -> cells.Cell:
            return cells.text(f"={row['name']}-centre")

        register("depots", Column("centre", "Cost centre", centre))


@pytest.fixture
def mock(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    """Give `mock(*plugins, **sections)`: a gateway with the screens of these plugins alone."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")

    def make(*plugins: object, **sections: Any) -> GatewayUnderTest:
        config = {**MOCK, "plugins": {"disabled": ["dashboard", "portal"]}, **sections}
        return gateway(config, plugins=plugins or (Depots(),))

    return make


@pytest.fixture
async def visit(mock: Callable[..., GatewayUnderTest]) -> Visitor:
    """Give the operator, who is signed in."""
    return await Visitor(mock()).sign_in()
