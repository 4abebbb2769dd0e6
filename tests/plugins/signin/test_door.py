"""The operator's link: it works once, for a quarter of an hour, and leads to a session that has no person."""

import pytest
from tests.plugins.signin.conftest import PREFIX, Visitor

from tollbridge.browsing import SESSION
from tollbridge_signin.door import CODE_LIFE_S, Door

LIFE_S = 12 * 3600


async def test_link_signs_in_once(visitor) -> None:
    first, second = visitor, Visitor(visitor.under)
    code = first.door().make_code()

    shown = await first.get(f"/sign-in?code={code}")
    replies = [await one.post("/sign-in", {"code": code}) for one in (first, second)]

    assert shown.status_code == 200
    assert [reply.status_code for reply in replies] == [303, 401]
    assert replies[0].headers["location"] == f"{PREFIX}/"
    assert (await first.get("/")).status_code == 200
    assert SESSION not in second.cookies
    assert (await second.get(f"/sign-in?code={code}")).status_code == 401


async def test_session_of_the_link_is_nobodys(visitor) -> None:
    await visitor.sign_in()

    session = await visitor.under.gateway.sessions.find(visitor.cookies[SESSION])

    assert (session.person_id, session.via) == ("", "link")


async def test_looking_at_the_link_does_not_use_it_up(visitor) -> None:
    code = visitor.door().make_code()

    for _ in range(3):
        assert (await visitor.get(f"/sign-in?code={code}")).status_code == 200
    assert SESSION not in visitor.cookies
    assert (await visitor.post("/sign-in", {"code": code})).status_code == 303


async def test_link_leads_on_to_the_page_that_was_wanted(visitor) -> None:
    code = visitor.door().make_code()
    back = f"{PREFIX}/tokens?q=a"

    shown = await visitor.get(f"/sign-in?code={code}&next={PREFIX}/tokens%3Fq%3Da")
    reply = await visitor.post("/sign-in", {"code": code, "next": back})

    assert f'name="next" value="{back}"' in shown.text
    assert reply.headers["location"] == back


async def test_link_expires(visitor) -> None:
    code = visitor.door().make_code()

    visitor.under.clock.advance(CODE_LIFE_S - 1)
    assert visitor.door().knows_code(code)
    visitor.under.clock.advance(1)

    assert (await visitor.post("/sign-in", {"code": code})).status_code == 401


async def test_forged_codes_are_refused(visitor, tmp_path) -> None:
    foreign = Door(b"x" * 32, tmp_path / "foreign", visitor.under.clock)
    code = visitor.door().make_code()
    id, expiry, mac = code.split(".")
    later = f"{id}.{int(expiry) + 999}.{mac}"
    other = f"{'0' * 32}.{expiry}.{mac}"

    for forged in ("", "a.b.c", foreign.make_code(), later, other, code.upper(), code[:-1], code + "\n", "é"):
        assert (await visitor.post("/sign-in", {"code": forged})).status_code == 401, forged
        assert (await visitor.get("/sign-in", **{})).status_code == 200
    assert visitor.door().knows_code(code)


async def test_cookie_is_out_of_reach(visitor) -> None:
    client = await visitor.under.client()

    plain = await visitor.post("/sign-in", {"code": visitor.door().make_code()})
    client.base_url = "https://gateway.test"
    secure = await visitor.post("/sign-in", {"code": visitor.door().make_code()})

    cookie = plain.headers["set-cookie"].lower()
    assert cookie.startswith("tollbridge_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/_tollbridge;" in cookie
    assert f"max-age={LIFE_S}" in cookie
    assert "secure" not in cookie
    cookie = secure.headers["set-cookie"]
    assert cookie.startswith("__Host-tollbridge_session=")
    assert "; Secure" in cookie
    assert "; HttpOnly" in cookie
    assert "; Path=/;" in cookie


async def test_announced_link_signs_in(visitor) -> None:
    ((name, text),) = visitor.under.gateway.announcements("http://gateway.test", kept=False)

    assert name == "dashboard"
    assert text.startswith("http://gateway.test/_tollbridge/sign-in?code=")
    assert (await visitor.post("/sign-in", {"code": text.partition("=")[2]})).status_code == 303


async def test_no_prefix_no_link(mock) -> None:
    under = mock(server={"prefix": ""})
    await under.client()

    assert under.gateway.announcements("http://gateway.test", kept=False) == []


async def test_what_was_used_up_is_forgotten_once_it_has_expired(visitor) -> None:
    await visitor.sign_in()
    folder = visitor.under.gateway.config.data / "admin-codes"
    (folder / "no-code").touch()
    (first,) = [path for path in folder.iterdir() if path.name != "no-code"]
    assert first.stat().st_mode & 0o077 == 0

    visitor.under.clock.advance(CODE_LIFE_S + 1)
    await visitor.sign_in()

    (second,) = [path for path in folder.iterdir() if path.name != "no-code"]
    assert second.name != first.name


async def test_disk_that_cannot_be_written_lets_nobody_in(visitor) -> None:
    (visitor.under.gateway.config.data / "admin-codes").write_text("in the way")

    reply = await visitor.post("/sign-in", {"code": visitor.door().make_code()})

    assert reply.status_code == 503
    assert SESSION not in visitor.cookies


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
async def test_link_is_not_used_by_another_site(visitor, site) -> None:
    code = visitor.door().make_code()

    reply = await visitor.post("/sign-in", {"code": code}, site=site)

    assert reply.status_code == 403
    assert visitor.door().knows_code(code)
