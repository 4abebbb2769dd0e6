"""Lists of the API as pages: filters, pages, teams and CSV."""

from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from tests.middleware.screens.conftest import LISTING
from tests.support.visiting import Visitor

from tollbridge import Column, Page, Screen, hookimpl
from tollbridge.screens import Pages, cells
from tollbridge.screens.tables import written
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]


class Owned:
    """A plugin with a list of what is somebody's own."""

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        listing = replace(LISTING, path="/me/tokens", scope="", of_teams=True)

        def make(pages: Pages) -> list[Page]:
            async def listed(request: Request) -> Response:
                return await listing.page(pages, request, "list_page.html", heading="Owned")

            return [Page("GET", "/owned", listed)]

        register(Screen(name="owned", package="tollbridge.screens", make=make))


class Fixed:
    """A plugin with a list that asks for one thing whatever the address says."""

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        listing = replace(LISTING, fixed={"state": "revoked"}, filters=("q",))

        def make(pages: Pages) -> list[Page]:
            async def listed(request: Request) -> Response:
                return await listing.page(pages, request, "list_page.html", heading="Fixed")

            return [Page("GET", "/fixed", listed)]

        register(Screen(name="fixed", package="tollbridge.screens", make=make))


async def tokens(visitor: Visitor, count: int, team: str = "") -> None:
    for number in range(count):
        await visitor.under.gateway.tokens.issue(name=f"{team}t{number:02}", team=team)


async def test_pages_follow_each_other_and_keep_the_filter(visit: Visitor) -> None:
    await tokens(visit, 30)

    first = (await visit.get("/depots?q=t")).text
    older = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = (await visit.get(f"/depots{older}")).text

    assert first.count("data-row") == 25
    assert second.count("data-row") == 5
    assert "q=t" in older
    assert 'href="?q=t">Newest' in second
    assert "Older" not in second


async def test_empty_list_says_why(visit: Visitor) -> None:
    assert "There is no depot yet." in (await visit.get("/depots")).text
    assert "No depot is called so." in (await visit.get("/depots?q=none")).text


async def test_csv_has_all_pages_and_columns_of_plugins(visit: Visitor) -> None:
    await tokens(visit, 30)

    reply = await visit.get("/depots?format=csv")

    lines = reply.text.lstrip("\ufeff").splitlines()
    assert lines[0] == "name,centre"
    assert len(lines) == 31
    assert sorted(lines[1:])[-1] == "t29,'=t29-centre"
    assert "Cost centre" in (await visit.get("/depots")).text


async def test_somebody_in_two_teams_chooses_and_sees_that_one_alone(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.sign_in_as(await visitor.person(blue="viewer", green="viewer"))
    await tokens(visitor, 1, "blue")
    await tokens(visitor, 1, "green")

    first = (await visitor.get("/depots")).text
    green = (await visitor.get("/depots?team=green")).text
    other = (await visitor.get("/depots?team=red")).text

    assert "bluet00" in first
    assert "greent00" not in first
    assert "greent00" in green
    assert "bluet00" not in green
    assert "bluet00" in other
    assert 'href="?team=green" aria-current="true"' in green


def test_rows_at_hand_make_a_table_too() -> None:
    table = LISTING.table([{"name": "a"}])

    assert table.cells[0][0].text == "a"


async def test_value_that_a_filter_does_not_know_is_none(mock: Mock, visit: Visitor) -> None:
    known = replace(LISTING, filters=("q", "state"), known={"state": ("active",)})

    assert known.asked({"q": "a", "state": "nonsense"}) == {"q": "a"}
    assert known.asked({"state": "active"}) == {"state": "active"}


async def test_list_of_what_is_somebodys_own_has_a_part_for_each_of_their_teams(mock: Mock) -> None:
    visitor = Visitor(mock(Owned()))
    await visitor.sign_in_as(await visitor.person(blue="consumer", green="consumer"))

    page = (await visitor.get("/owned")).text

    assert 'href="?team=blue" aria-current="true"' in page
    assert 'href="?team=green"' in page


def test_column_of_csv_alone_is_on_no_page() -> None:
    more = Column("id", "Id", lambda row: cells.code(row["id"]), csv_only=True)
    listing = replace(LISTING, columns=(*LISTING.columns, more))

    table = listing.table([{"name": "a", "id": "tok_1"}])

    assert [column.name for column in table.columns] == ["name"]
    assert written(listing.columns, [{"name": "a", "id": "tok_1"}]) == "name,id\r\na,tok_1\r\n"


async def test_what_is_fixed_holds_whatever_the_address_says(mock: Mock) -> None:
    visit = await Visitor(mock(Fixed())).sign_in()
    await tokens(visit, 2)
    issued = await visit.under.gateway.tokens.issue(name="gone")
    await visit.under.gateway.tokens.revoke(issued.token.id)

    page = (await visit.get("/fixed?state=active")).text
    rows = (await visit.get("/fixed?state=active&format=csv")).text.splitlines()

    assert page.count("data-row") == 1
    assert rows[1:] == ["gone"]
