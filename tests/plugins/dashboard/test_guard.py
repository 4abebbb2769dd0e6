"""Who gets in, and what every answer carries."""

import re
from urllib.parse import urlencode

import pytest
from tests.plugins.dashboard.conftest import PREFIX, Visitor

from tollbridge.browsing import SESSION

PAGES = ["/", "/tokens", "/tokens/new", "/tokens/tok_1/revoke", "/tokens/tok_1/used", "/nothing-here"]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)


@pytest.mark.parametrize(("steps", "status"), [((7, 4.9), 200), ((7, 5), 303), ((8,), 303)])
async def test_session_expires(visit, steps, status) -> None:
    for hours in steps[:-1]:
        visit.under.clock.advance(hours * 3600)
        assert (await visit.get("/")).status_code == 200

    visit.under.clock.advance(steps[-1] * 3600)

    assert (await visit.get("/")).status_code == status


@pytest.mark.parametrize("path", [*PAGES, "/tokens?q=a&state=active"])
async def test_page_needs_a_session(mock, path) -> None:
    visitor = Visitor(mock())

    opened = await visitor.get(path, **{"sec-fetch-dest": "document"})
    others = [await visitor.get(path, **{"sec-fetch-dest": "empty"}), await visitor.post(path)]

    assert opened.status_code == 303
    assert opened.headers["location"] == f"{PREFIX}/sign-in?" + urlencode({"next": PREFIX + path})
    for reply in others:
        assert reply.status_code == 401
        assert f'href="{PREFIX}/sign-in?next=' in reply.text


@pytest.mark.parametrize("forged", ["", "a.b.c", "A" * 43, "A" * 42, "A" * 5000, "%00", "\\"])
async def test_session_that_is_made_up_opens_nothing(visit, forged) -> None:
    visit.cookies[SESSION] = forged

    assert (await visit.get("/")).status_code == 303


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/again?next=a"])
async def test_nobody_goes_in_circles_where_there_is_no_page_to_sign_in_at(mock, path) -> None:
    visitor = Visitor(mock(plugins={"disabled": ["signin"]}))

    assert (await visitor.get("/")).status_code == 303
    assert (await visitor.get(path)).status_code == 404


async def test_store_that_is_away_lets_nobody_in(visit) -> None:
    await visit.under.gateway.store.close()

    reply = await visit.get("/")

    assert reply.status_code == 503
    assert "Not available" in reply.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
@pytest.mark.parametrize("path", ["/theme", "/tokens/new", "/tokens/tok_1/revoke"])
async def test_request_of_another_site_is_refused(visit, path, site) -> None:
    reply = await visit.post(path, {"name": "x"}, site=site)

    assert reply.status_code == 403
    assert (await visit.under.gateway.store.count_tokens()).active == 0


@pytest.mark.parametrize("shown", [{}, {"authorization": "Bearer x"}, {"x-api-key": "x"}, {"sec-fetch-dest": "empty"}])
async def test_only_who_opens_a_page_is_led_to_the_sign_in(visit, shown) -> None:
    reply = await Visitor(visit.under).get("/api/v9/things", **shown)

    assert reply.status_code == (401 if shown else 303)


async def test_origin_stands_in_for_browsers_that_do_not_tell_the_site(visit) -> None:
    client = await visit.under.client()
    cookie = f"{SESSION}={visit.cookies[SESSION]}"
    statuses = []
    for origin in ("http://gateway.test", "http://gateway.test.evil.example", "null", "http://evil.example"):
        headers = {"origin": origin, "cookie": cookie}
        reply = await client.post("/_tollbridge/theme", headers=headers, data={"theme": "dark"})
        statuses.append(reply.status_code)

    assert statuses == [303, 403, 403, 403]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://gateway.test:81"])
async def test_wrong_origin_counts_whatever_else_a_request_says(visit, origin) -> None:
    reply = await visit.post("/tokens/new", {"name": "x"}, origin=origin)

    assert reply.status_code == 403
    assert (await visit.under.gateway.store.count_tokens()).active == 0


async def test_every_answer_carries_the_headers(visit) -> None:
    nobody = Visitor(visit.under)
    replies = [await visit.get(path) for path in (*PAGES, "/sign-in", "/sign-in/nothing", "/static/nothing.css")]
    replies += [await nobody.get("/"), await nobody.post("/", site="cross-site"), await visit.post("/tokens/new")]

    for reply in replies:
        assert reply.headers["content-security-policy"] == CSP
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert reply.headers["cache-control"] == "no-store"


async def test_pages_are_small_on_the_wire_and_say_how_long_they_took(visit) -> None:
    for _ in range(3):
        await visit.under.chat("gpt-4o-mini")
    for path in ("/", "/tokens", "/tokens/new"):
        page = await visit.get(path, **{"accept-encoding": "gzip"})
        plain = await visit.get(path, **{"accept-encoding": "identity"})

        assert page.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert page.headers["vary"].lower() == "accept-language, cookie, accept-encoding"
        files = re.findall(r'(?:href|src)="/_tollbridge(/static/[^"]*)"', page.text)
        assert {name.rpartition(".")[2] for name in files} == {"css", "js", "svg"}
        sent = [page, *[await visit.get(name, **{"accept-encoding": "gzip"}) for name in files]]
        assert len(sent) <= 10
        assert sum(int(reply.headers["content-length"]) for reply in sent) < 60_000
        assert len(page.headers.get_list("server-timing")) == 1
        times = [entry.partition(";dur=") for entry in page.headers["server-timing"].split(", ")]
        assert [name for name, _, _ in times] == ["render", "total"]
        assert all(float(ms) >= 0 for _, _, ms in times)


async def test_static_files_are_named_after_their_content(visit) -> None:
    page = (await visit.get("/")).text
    names = {part.partition('"')[0] for part in page.split("/_tollbridge/static/")[1:]}

    assert len(names) == 6
    for name in names:
        reply = await Visitor(visit.under).get(f"/static/{name}")
        assert reply.status_code == 200
        assert "immutable" in reply.headers["cache-control"]
    assert (await visit.get("/static/base.css")).status_code == 404


async def test_pages_hold_nothing_the_policy_forbids(visit) -> None:
    await visit.under.chat("gpt-4o-mini")
    for path in ("/", "/tokens", "/tokens/new", "/sign-in"):
        page = (await visit.get(path)).text
        assert " style=" not in page
        assert " onclick=" not in page
        assert "<script>" not in page
        assert "http://" not in page.replace("http://gateway.test", "")


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/elsewhere", ""])
async def test_theme_is_kept_and_never_leads_away(visit, back) -> None:
    reply = await visit.post("/theme", {"theme": "dark", "back": back})

    assert reply.headers["location"] == "/_tollbridge/"
    assert 'data-theme="dark"' in (await visit.get("/")).text


async def test_theme_goes_back_to_its_page(visit) -> None:
    reply = await visit.post("/theme", {"theme": "light", "back": "/_tollbridge/tokens?q=a"})

    assert reply.headers["location"] == "/_tollbridge/tokens?q=a"
    assert 'data-theme="light"' in (await visit.get("/tokens")).text
