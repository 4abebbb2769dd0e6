"""The pages at the door in the language of whoever stands there."""

import ast

import pytest
from tests.plugins.signin.conftest import PASSWORD, PREFIX, Visitor
from tests.support.sources import sources

from tollbridge.browsing import LANGUAGE
from tollbridge.errors import BadRequest, ConfigError
from tollbridge.people.passwords import checked_password
from tollbridge.people.wishes import checked_person_name
from tollbridge_signin import check
from tollbridge_signin.refusals import SAID_BY_THE_GATEWAY, Why

CHINESE = {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}


async def test_page_is_in_the_language_of_the_browser(visitor: Visitor) -> None:
    page = await visitor.get("/sign-in", **CHINESE)
    english = await visitor.get("/sign-in")

    assert '<html lang="zh-Hans">' in page.text
    assert "<h1>登录</h1>" in page.text
    assert page.headers["content-language"] == "zh-Hans"
    assert page.headers["vary"] == "Accept-Language, Cookie"
    assert page.headers["cache-control"] == "no-store"
    assert ("<h1>Sign in</h1>" in english.text, english.headers["content-language"]) == (True, "en")


async def test_language_is_chosen_at_the_door_and_kept(visitor: Visitor) -> None:
    page = await visitor.get("/sign-in?next=/_tollbridge/tokens")

    chosen = await visitor.post("/sign-in/language", {"language": "zh-Hans", "back": f"{PREFIX}/sign-in?out"})

    assert f'action="{PREFIX}/sign-in/language"' in page.text
    assert 'value="/_tollbridge/sign-in?next=/_tollbridge/tokens"' in page.text
    assert (chosen.status_code, chosen.headers["location"]) == (303, f"{PREFIX}/sign-in?out")
    assert visitor.cookies[LANGUAGE] == "zh-Hans"
    assert "您已退出登录" in (await visitor.get("/sign-in?out")).text
    assert "页面不存在" in (await visitor.get("/sign-in/nowhere")).text


async def test_another_site_does_not_choose_it(visitor: Visitor) -> None:
    reply = await visitor.post("/sign-in/language", {"language": "zh-Hans"}, site="cross-site", **CHINESE)

    assert (reply.status_code, "请求来源不符" in reply.text, visitor.cookies) == (403, True, {})


async def test_refusals_are_said_in_it(ada: Visitor) -> None:
    wrong = await ada.post("/sign-in", {"email": "ada@example.com", "password": "x"}, **CHINESE)
    right = await ada.post("/sign-in", {"email": "ada@example.com", "password": PASSWORD}, **CHINESE)
    form = {"password": PASSWORD, "new": "short", "repeated": "short"}
    short = await ada.post("/sign-in/password", form, **CHINESE)

    assert (wrong.status_code, "邮箱地址或密码不正确。" in wrong.text) == (401, True)
    assert right.status_code == 303
    assert (short.status_code, "密码至少 15 个字符，最多 1024 字节。" in short.text) == (400, True)


async def test_sessions_are_shown_in_it_and_in_the_zone_of_the_reports(mock) -> None:
    visitor = Visitor(mock(pages={"time_zone": "Asia/Shanghai", "language": "zh-Hans"}))
    await visitor.sign_in_as(await visitor.person())

    page = await visitor.get("/sign-in/sessions")

    # 12:00 UTC on 5 January
    assert "来自 192.0.2.7，登录于 <time" in page.text
    assert ">2026年1月5日 20:00 CST</time>" in page.text
    assert "当前用户：<b>ada@example.com</b>" in page.text


async def test_name_of_somebody_is_no_markup_in_any_language(visitor: Visitor) -> None:
    person = await visitor.under.gateway.people.add_person(email="a&b@example.com", name="A")
    await visitor.sign_in_as(person)

    for language in ("en", "zh"):
        page = await visitor.get("/sign-in", **{"accept-language": language})
        assert "<b>a&amp;b@example.com</b>" in page.text


def test_reason_is_english_where_nobody_asks() -> None:
    assert Why.OWN.words == "That is not your password."


def raised(call, *arguments: object) -> str:
    with pytest.raises(BadRequest) as caught:
        call(*arguments)
    return caught.value.message


def test_what_is_marked_as_said_by_the_gateway_is_said_by_it() -> None:
    people = [source.tree for source in sources() if source.module.startswith("tollbridge.people.")]
    said = {node.value for tree in people for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    said |= {raised(checked_password, "short", []), raised(checked_person_name, "")}

    assert set(SAID_BY_THE_GATEWAY) - said == set()


async def test_gateway_does_not_start_with_a_catalogue_that_is_broken(mock, tmp_path) -> None:
    at = tmp_path / "words" / "fr" / "LC_MESSAGES"
    at.mkdir(parents=True)
    (at / "messages.mo").write_bytes(b"no catalogue")

    under = mock(pages={"catalogues": str(tmp_path / "words")})

    with pytest.raises(ConfigError, match=r"^the catalogue .*/fr/LC_MESSAGES/messages.mo cannot be used: "):
        await under.client()
    with pytest.raises(ConfigError, match=r"cannot be used"):
        check(under.gateway)
