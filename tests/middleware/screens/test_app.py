"""The app of all screens: who gets where, what is refused, and what every page has."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from tests.middleware.screens.conftest import Depots
from tests.support.visiting import PREFIX, Visitor

from tollbridge import MenuEntry, Page, PluginError, Screen, hookimpl
from tollbridge.screens import Pages
from tollbridge.screens.pages import _shell_json
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]


async def where(pages: Pages, request: Request) -> Response:
    return PlainTextResponse(pages.address(request))


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


def pages_at(*paths: str) -> Callable[[Pages], Sequence[Page]]:
    return lambda pages: [Page("GET", path, hello) for path in paths]


class Offering:
    """A plugin with these screens."""

    def __init__(self, *screens: Screen) -> None:
        self.screens = screens

    @hookimpl
    def register_screens(self, register: Callable[[Screen], None]) -> None:
        for screen in self.screens:
            register(screen)


def screen(name: str, *paths: str, **more: object) -> Screen:
    return Screen(name=name, package="tollbridge.screens", make=pages_at(*paths), **more)  # type: ignore[arg-type]


async def test_page_of_a_plugin_is_in_the_frame_and_the_menu(visit: Visitor) -> None:
    page = (await visit.get("/depots/plain")).text

    groups = [part.partition("<")[0] for part in page.split('<p class="group">')[1:]]
    assert groups == ["Build", "System", "Depots of ours"]
    assert f'<a href="{PREFIX}/depots" aria-current="page" data-go="d">' in page
    assert f'href="{PREFIX}/graphs"' in page
    assert 'd="M0 0h9"' in page


async def test_two_screens_with_one_path_stop_the_start(mock: Mock) -> None:
    under = mock(Offering(screen("one", "/a"), screen("two", "/b", "/a")))

    with pytest.raises(PluginError, match="the screens 'one' and 'two' both have a page at GET /a"):
        await under.client()


async def test_screen_may_name_what_makes_its_pages(mock: Mock) -> None:
    named = Screen(name="named", package="tollbridge.screens", make="tests.middleware.screens.conftest:make")
    visitor = await Visitor(mock(Offering(named))).sign_in()

    assert (await visitor.get("/depots/plain")).status_code == 200


async def test_first_page_is_the_first_of_the_menu_where_no_screen_has_one(mock: Mock) -> None:
    entry = MenuEntry(title="A", path="/a", scope="admin:tokens:read")
    visitor = await Visitor(mock(Offering(screen("one", "/a", menu=(entry,))))).sign_in()
    nobody = Visitor(visitor.under)
    await nobody.sign_in_as(await nobody.person())

    first, denied = await visitor.get("/"), await nobody.get("/")

    assert (first.status_code, first.headers["location"]) == (303, f"{PREFIX}/a")
    assert denied.status_code == 403
    assert "No page is open to you" in denied.text


async def test_screen_with_a_first_page_keeps_it(mock: Mock) -> None:
    visitor = await Visitor(mock(Offering(screen("one", "/")))).sign_in()

    assert (await visitor.get("/")).text == "hello"


async def test_static_files_of_all_screens_are_served(visit: Visitor) -> None:
    page = (await visit.get("/depots/plain")).text
    names = [part.partition('"')[0] for part in page.split(f"{PREFIX}/static/")[1:]]

    found = [await visit.get(f"/static/{name}") for name in names]
    missing = await visit.get("/static/none.js")

    assert names
    assert {reply.status_code for reply in found} == {200}
    assert missing.status_code == 404


async def test_search_asks_every_screen_and_cuts_what_is_found(visit: Visitor) -> None:
    found, nothing = (await visit.get("/search?q=north")).text, (await visit.get("/search?q=+")).text

    assert found.count("<li><a") == 8
    assert f'<a href="{PREFIX}/depots?q=0" data-row><b>north 0</b></a> <small>Depot</small>' in found
    assert 'value="north"' in found
    assert "Type the name of" in nothing


async def test_search_that_finds_nothing_says_so(mock: Mock) -> None:
    visitor = await Visitor(mock(Offering(screen("one", "/a")))).sign_in()

    assert "Nothing is called so" in (await visitor.get("/search?q=north")).text


async def test_theme_is_kept_and_one_that_is_unknown_is_not(visit: Visitor) -> None:
    back = f"{PREFIX}/depots/plain?said=built"

    dark = await visit.post("/theme", {"theme": "dark", "back": back})
    odd = await visit.post("/theme", {"theme": "pink", "back": "//elsewhere.example"})

    assert (dark.status_code, dark.headers["location"]) == (303, back)
    assert odd.headers["location"] == f"{PREFIX}/"
    assert "set-cookie" not in odd.headers
    assert 'data-theme="dark"' in (await visit.get("/depots/plain")).text


async def test_what_was_done_is_said_in_words_of_ours_alone(visit: Visitor) -> None:
    built, other = (await visit.get("/depots/plain?said=built")).text, (await visit.get("/depots/plain?said=Hi")).text

    assert "It is built." in built
    assert 'role="status"' not in other
    assert "Hi" not in other.partition("<main")[2]


async def test_refusal_of_the_api_is_shown_in_its_words(visit: Visitor) -> None:
    reply = await visit.get("/depots/refused")

    assert reply.status_code == 404
    assert "There is no such team." in reply.text


async def test_denial_is_shown_in_the_frame(visit: Visitor) -> None:
    reply = await visit.get("/depots/denied")

    assert reply.status_code == 403
    assert "This is not yours to do" in reply.text
    assert 'class="side"' in reply.text


async def test_page_that_breaks_tells_the_log_where_and_nobody_what(
    visit: Visitor, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = await visit.get("/depots/broken")

    logged = capsys.readouterr().out
    assert reply.status_code == 500
    assert "could not be carried out" in reply.text
    assert "page_failed" in logged
    assert "/depots/broken" in logged
    assert "tb_live" not in reply.text


async def test_whoever_lacks_a_scope_is_led_to_a_page_that_is_theirs(mock: Mock) -> None:
    visitor = Visitor(mock())
    await visitor.sign_in_as(await visitor.person(blue="viewer"))

    reply = await visitor.get("/depots/whole")

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/depots/plain")


async def test_whoever_has_no_page_at_all_is_denied(mock: Mock) -> None:
    class Bare(Depots):
        screen = Screen(name="bare", package="tollbridge.screens", make=Depots.screen.make)

        @hookimpl
        def register_menu(self, register: Callable[[str, MenuEntry], None]) -> None:
            register("others", MenuEntry(title="Others", path="/others", scope="admin:jobs:read"))

    visitor = Visitor(mock(Bare()))
    await visitor.sign_in_as(await visitor.person())

    reply = await visitor.get("/depots/whole")

    assert reply.status_code == 403
    assert '<span class="tag">admin:tokens:read</span>' in reply.text


@pytest.mark.parametrize(("form", "back"), [({"a": "1"}, "/depots/sure?a=1"), ({"a": "x" * 4000}, "/depots/sure")])
async def test_proof_leads_back_to_what_was_typed_where_an_address_holds_it(
    visit: Visitor, form: dict[str, str], back: str
) -> None:
    assert (await visit.get("/depots/sure")).status_code == 200
    visit.under.clock.advance(3600)

    asked, posted = await visit.get("/depots/sure?b=2"), await visit.post("/depots/sure", form)

    assert asked.headers["location"].endswith("next=%2F_tollbridge%2Fdepots%2Fsure%3Fb%3D2")
    assert (await visit.get("/sign-in/again")).status_code == 200
    assert posted.headers["location"].partition("next=")[2] == (PREFIX + back).replace("/", "%2F").replace(
        "?", "%3F"
    ).replace("=", "%3D")


async def test_page_asks_in_the_language_of_the_browser(visit: Visitor) -> None:
    reply = await visit.post("/language", {"language": "en", "back": f"{PREFIX}/depots/plain"})

    assert reply.headers["location"] == f"{PREFIX}/depots/plain"


async def test_change_leads_to_a_page_that_says_so(visit: Visitor) -> None:
    reply = await visit.post("/depots")

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/depots/plain?said=built")
    assert await visit.under.gateway.people.teams.get("depot") is not None


def test_json_stands_between_single_quotes_of_a_shell() -> None:
    assert _shell_json({"a": "it's"}) == '{"a": "it\'\\\'\'s"}'


@pytest.mark.parametrize(
    ("public_url", "seen"),
    [("", "http://gateway.test"), ("https://gw.example.com:8443/ai", "https://gw.example.com:8443/ai")],
)
async def test_gateway_is_where_the_browser_found_it_or_where_it_says_it_is(
    mock: Mock, public_url: str, seen: str
) -> None:
    def make(pages: Pages) -> Sequence[Page]:
        return [Page("GET", "/where", partial(where, pages))]

    offering = Offering(Screen(name="where", package="tollbridge.screens", make=make))
    visit = await Visitor(mock(offering, server={"public_url": public_url})).sign_in()

    assert (await visit.get("/where")).text == seen
