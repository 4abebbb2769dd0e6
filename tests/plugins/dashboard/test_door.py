"""Who gets in, and what every answer carries."""

import pytest
from tests.plugins.dashboard.conftest import Visitor

from tollbridge_dashboard.cookies import SESSION
from tollbridge_dashboard.door import CODE_LIFE_S, SESSION_LIFE_S, Door

PAGES = ["/", "/tokens", "/tokens/new", "/tokens/tok_1/revoke", "/tokens/tok_1/used", "/nothing-here"]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)


async def test_link_signs_in_once(mock) -> None:
    first, second = Visitor(mock()), None
    await first.under.client()
    second = Visitor(first.under)
    code = first.door().make_code()

    shown = await first.get(f"/sign-in?code={code}")
    replies = [await one.post("/sign-in", {"code": code}) for one in (first, second)]

    assert shown.status_code == 200
    assert [reply.status_code for reply in replies] == [303, 401]
    assert (await first.get("/")).status_code == 200
    assert (await second.get("/")).status_code == 401
    assert (await second.get(f"/sign-in?code={code}")).status_code == 401


async def test_looking_at_the_link_does_not_use_it_up(mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    code = visitor.door().make_code()

    for _ in range(3):
        assert (await visitor.get(f"/sign-in?code={code}")).status_code == 200
    assert SESSION not in visitor.cookies
    assert (await visitor.post("/sign-in", {"code": code})).status_code == 303


async def test_link_expires(mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    code = visitor.door().make_code()

    visitor.under.clock.advance(CODE_LIFE_S)

    assert (await visitor.post("/sign-in", {"code": code})).status_code == 401


async def test_session_expires(visit) -> None:
    visit.under.clock.advance(SESSION_LIFE_S - 1)
    assert (await visit.get("/")).status_code == 200

    visit.under.clock.advance(1)
    assert (await visit.get("/")).status_code == 401


async def test_forged_codes_and_sessions_are_refused(visit, tmp_path) -> None:
    gw = visit.under.gateway
    foreign = Door(b"x" * 32, tmp_path / "foreign", gw.clock)
    code = visit.door().make_code()
    id, expiry, mac = code.split(".")
    later = f"{id}.{int(expiry) + 999}.{mac}"
    other = f"{'0' * 32}.{expiry}.{mac}"
    session = visit.cookies[SESSION]

    for forged in ("", "a.b.c", foreign.make_code(), later, other, code.upper(), code[:-1], session, code + "\n"):
        assert (await visit.post("/sign-in", {"code": forged})).status_code == 401, forged
    foreign_session = foreign.use_code(foreign.make_code())
    for forged in ("", "a.b.c", foreign_session, code, session[:-1] + ("0" if session[-1] != "0" else "1")):
        visit.cookies[SESSION] = forged
        assert (await visit.get("/")).status_code == 401, forged


async def test_signing_out_ends_the_session_for_good(visit) -> None:
    session = visit.cookies[SESSION]

    reply = await visit.post("/sign-out")

    assert reply.status_code == 303
    assert visit.cookies[SESSION] == ""
    visit.cookies[SESSION] = session
    assert (await visit.get("/")).status_code == 401


async def test_cookie_is_out_of_reach(mock) -> None:
    visitor = Visitor(mock())
    client = await visitor.under.client()

    plain = await visitor.post("/sign-in", {"code": visitor.door().make_code()})
    client.base_url = "https://gateway.test"
    secure = await visitor.post("/sign-in", {"code": visitor.door().make_code()})

    cookie = plain.headers["set-cookie"].lower()
    assert cookie.startswith("tollbridge_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/_tollbridge" in cookie
    assert f"max-age={SESSION_LIFE_S}" in cookie
    assert "secure" not in cookie
    cookie = secure.headers["set-cookie"]
    assert cookie.startswith("__Host-tollbridge_session=")
    assert "; Secure" in cookie
    assert "; Path=/;" in cookie


@pytest.mark.parametrize("path", PAGES)
async def test_page_needs_a_session(mock, path) -> None:
    visitor = Visitor(mock())

    for reply in (await visitor.get(path), await visitor.post(path)):
        assert reply.status_code == 401
        assert "tollbridge admin-link" in reply.text


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/theme", "/tokens/new", "/tokens/tok_1/revoke"])
async def test_request_of_another_site_is_refused(visit, path, site) -> None:
    code = visit.door().make_code()

    reply = await visit.post(path, {"code": code, "name": "x"}, site=site)

    assert reply.status_code == 403
    assert visit.door().knows_code(code)
    assert (await visit.under.gateway.store.count_tokens()).active == 0


async def test_origin_stands_in_for_browsers_that_do_not_tell_the_site(visit) -> None:
    client = await visit.under.client()
    cookie = f"{SESSION}={visit.cookies[SESSION]}"
    statuses = []
    for origin in ("http://gateway.test", "http://gateway.test.evil.example", "null", "http://evil.example"):
        headers = {"origin": origin, "cookie": cookie}
        reply = await client.post("/_tollbridge/theme", headers=headers, data={"theme": "dark"})
        statuses.append(reply.status_code)

    assert statuses == [303, 403, 403, 403]


async def test_every_answer_carries_the_headers(visit) -> None:
    nobody = Visitor(visit.under)
    replies = [await visit.get(path) for path in (*PAGES, "/sign-in", "/static/nothing.css")]
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
        assert page.headers["vary"].lower() == "accept-encoding"
        styles = [name.partition('"')[0] for name in page.text.split('rel="stylesheet" href="/_tollbridge')[1:]]
        assert len(styles) == 2
        sent = [page, *[await visit.get(name, **{"accept-encoding": "gzip"}) for name in styles]]
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


async def test_announced_link_signs_in(visit) -> None:
    ((name, text),) = visit.under.gateway.announcements("http://gateway.test")

    assert name == "dashboard"
    assert text.startswith("http://gateway.test/_tollbridge/sign-in?code=")
    stranger = Visitor(visit.under)
    assert (await stranger.post("/sign-in", {"code": text.partition("=")[2]})).status_code == 303


async def test_no_prefix_no_dashboard(mock) -> None:
    under = mock(server={"prefix": ""})
    await under.client()

    assert under.gateway.announcements("http://gateway.test") == []


async def test_what_was_used_up_is_forgotten_once_it_has_expired(mock) -> None:
    visitor = await Visitor(mock()).sign_in()
    folder = visitor.under.gateway.config.data / "admin-codes"
    (first,) = folder.iterdir()
    assert first.stat().st_mode & 0o077 == 0

    visitor.under.clock.advance(CODE_LIFE_S + 1)
    await visitor.sign_in()

    (second,) = folder.iterdir()
    assert second.name != first.name


async def test_disk_that_cannot_be_written_lets_nobody_in(mock) -> None:
    visitor = Visitor(mock())
    await visitor.under.client()
    (visitor.under.gateway.config.data / "admin-codes").write_text("in the way")

    reply = await visitor.post("/sign-in", {"code": visitor.door().make_code()})

    assert reply.status_code == 503
    assert SESSION not in visitor.cookies
