"""What all screens share: who sees which entry of the menu, and what is counted beside it."""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs
from tests.support.visiting import Visitor

from tollbridge import Gateway, MenuEntry, Page, Screen, hookimpl
from tollbridge.pagemodel import Hit, Search
from tollbridge.screens import Pages, Viewer
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]
SCOPE = "admin:tokens:read"


async def many(gateway: Gateway, who: Viewer) -> int:
    return 1_234 if who.person is None else 1


async def none(gateway: Gateway, who: Viewer) -> int:
    return 0


async def broken(gateway: Gateway, who: Viewer) -> int:
    raise RuntimeError("the queue is away")


class Counting:
    """A plugin whose entries of the menu count."""

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        def make(pages: Pages) -> list[Page]:
            async def show(request: Request) -> Response:
                return pages.render(request, "search.html", nav="/counted", searched="", hits=())

            return [Page("GET", "/counted", show)]

        entries = (
            MenuEntry(title="Counted", path="/counted", count=f"{__name__}:many"),
            MenuEntry(title="Nothing", path="/nothing", count=none),
            MenuEntry(title="Broken", path="/broken", count=broken),
            MenuEntry(title="Hidden", path="/hidden", count=broken, scope=SCOPE, whole=True),
            MenuEntry(title="Mine", path="/mine", own=True),
        )
        register(Screen(name="counting", package="tollbridge.screens", make=make, menu=entries))


async def menu(visitor: Visitor, **headers: str) -> str:
    reply = await visitor.get("/counted", **headers)
    assert reply.status_code == 200, reply.text
    return str(reply.text).partition("<nav")[2].partition("</nav>")[0]


async def test_what_waits_stands_beside_its_entry_and_nothing_beside_others(mock: Mock) -> None:
    shown = await menu(await Visitor(mock(Counting())).sign_in())

    assert '<span aria-hidden="true">1,234</span><span class="hidden">1234 wait</span>' in shown
    assert shown.count('class="count"') == 1


async def test_one_counts_for_whoever_looks(mock: Mock) -> None:
    visitor = Visitor(mock(Counting()))
    await visitor.sign_in_as(await visitor.person(blue="viewer"))

    assert '<span class="hidden">1 waits</span>' in await menu(visitor)


async def test_count_that_fails_leaves_the_page_there_and_is_logged(
    mock: Mock,
) -> None:
    visitor = await Visitor(mock(Counting())).sign_in()

    with capture_logs() as said:
        shown = await menu(visitor)

    lines = [one for one in said if one["event"] == "menu_count_failed"]
    assert "Broken" in shown
    assert {line["path"] for line in lines} == {"/broken", "/hidden"}


async def test_nothing_is_counted_at_an_entry_that_is_not_theirs(mock: Mock) -> None:
    visitor = Visitor(mock(Counting()))
    await visitor.sign_in_as(await visitor.person(blue="viewer"))

    with capture_logs() as said:
        shown = await menu(visitor)

    assert "Hidden" not in shown
    assert "/hidden" not in [one.get("path") for one in said]


async def test_nothing_is_counted_for_what_a_script_asks_for(mock: Mock) -> None:
    visitor = await Visitor(mock(Counting())).sign_in()

    assert 'class="count"' not in await menu(visitor, **{"sec-fetch-dest": "empty"})


async def test_entry_about_ones_own_is_for_members_alone(mock: Mock) -> None:
    under = mock(Counting())
    operator, stranger, member = Visitor(under), Visitor(under), Visitor(under)
    await operator.sign_in()
    await stranger.sign_in_as(await stranger.person("eve"))
    await member.sign_in_as(await member.person("ada", blue="consumer"))

    assert ["Mine" in await menu(one) for one in (operator, stranger, member)] == [False, False, True]


class Searching:
    """A plugin with a search that is refused, and one that is broken where it is asked for `broken`."""

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        def refused(pages: Pages) -> Search:
            async def find(request: Request, wanted: str) -> Sequence[Hit]:
                await pages.asking(request).get("/jobs")
                raise AssertionError

            return find

        def found(pages: Pages) -> Search:
            async def find(request: Request, wanted: str) -> Sequence[Hit]:
                if wanted == "gone":
                    await pages.asking(request).get("/teams/nobody-is-here")
                return [Hit("Depot", "/depot")]

            return find

        for name, search in (("refused", refused), ("found", found)):
            register(Screen(name=name, package="tollbridge.screens", make=lambda pages: (), search=search))


async def test_search_that_somebody_may_not_make_finds_nothing_and_others_go_on(mock: Mock) -> None:
    visitor = Visitor(mock(Searching()))
    await visitor.sign_in_as(await visitor.person(bridge="viewer"))

    reply, gone = await visitor.get("/search?q=depot"), await visitor.get("/search?q=gone")

    assert reply.status_code == 200
    assert "Depot" in reply.text
    assert gone.status_code == 404
