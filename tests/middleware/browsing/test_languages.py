"""The languages of an app of pages."""

import sys
from urllib.parse import urlencode

import anyio
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.languages import write_catalogue

from tollbridge.browsing.languages import Languages
from tollbridge.browsing.place import Place
from tollbridge.browsing.shield import Shield
from tollbridge.browsing.speech import gettext, spoken
from tollbridge.config import load_config
from tollbridge.errors import ConfigError
from tollbridge.testing import FixedClock


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package of these words."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, **said):
        monkeypatch.delitem(sys.modules, name, raising=False)  # that of another test
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        for language, texts in said.items():
            write_catalogue(tmp_path / name / "locale", language, texts)
        return name

    return make


@pytest.fixture
def config(tmp_path):
    """Gives the configuration of a file with these options of `[pages]`."""

    def make(**pages):
        lines = "".join(f'{name} = "{value}"\n' for name, value in pages.items())
        (tmp_path / "tollbridge.toml").write_text(f"[pages]\n{lines}")
        return load_config(tmp_path / "tollbridge.toml", {})

    return make


def test_languages_are_english_and_those_of_the_first_package_and_the_operator(package, config, tmp_path) -> None:
    package("first", zh_Hans={"No": "否"})
    package("second", de={"No": "Nein"})
    write_catalogue(tmp_path / "words", "fr", {"No": "Non"})

    plain, more = Languages("first", "second"), Languages("first", config=config(catalogues="words"))

    assert [tag for tag, _ in plain.names] == ["en", "zh-Hans"]
    assert [tag for tag, _ in more.names] == ["en", "fr", "zh-Hans"]


def test_languages_are_named_as_they_call_themselves(package, config, tmp_path) -> None:
    package("first", zh_Hans={"No": "否"})
    write_catalogue(tmp_path / "words", "fr", {"English": "français"}, context="the name of this language in itself")
    write_catalogue(tmp_path / "words", "de", {"No": "Nein"})

    names = Languages("first", config=config(catalogues="words")).names

    assert dict(names) == {"en": "English", "de": "de", "fr": "français", "zh-Hans": "简体中文"}


def test_words_are_the_operators_then_the_packages_in_their_order_and_then_those_that_all_share(
    package, config, tmp_path, ask
) -> None:
    package("first", zh_Hans={"a": "a1", "b": "b1"})
    package("second", zh_Hans={"a": "a2", "b": "b2", "c": "c2", "Jan": "正月"})
    write_catalogue(tmp_path / "words", "zh_Hans", {"a": "a0"})
    languages = Languages("first", "second", config=config(catalogues="words"))

    words = languages.of(ask(accept_language="zh")).words

    said = [words.gettext(text) for text in ("a", "b", "c", "Jan", "Feb", "x")]
    assert said == ["a0", "b1", "c2", "正月", "2月", "x"]


def test_operator_may_say_english_otherwise(package, config, tmp_path, ask) -> None:
    write_catalogue(tmp_path / "words", "en", {"Team": "Project"})

    speech = Languages(package("first"), config=config(catalogues="words")).of(ask())

    assert (speech.language, speech.words.gettext("Team"), speech.words.gettext("No")) == ("en", "Project", "No")


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept_language": "zh-CN,zh;q=0.9"}, "zh-Hans"),
        ({"accept_language": "zh", "cookie": "tollbridge_language=en"}, "en"),
        ({"cookie": "tollbridge_language=zh-Hans"}, "zh-Hans"),
        ({"accept_language": "zh", "cookie": "tollbridge_language=de"}, "zh-Hans"),
        ({"accept_language": "de"}, "en"),
    ],
)
def test_cookie_counts_before_the_browser_and_that_before_the_default(package, ask, headers, language) -> None:
    assert Languages(package("first", zh_Hans={"No": "否"})).of(ask(**headers)).language == language


@pytest.mark.parametrize("name", ["zh-Hans", "zh_CN", "zh"])
def test_default_is_that_of_the_configuration(package, config, ask, name) -> None:
    package("first", zh_Hans={"No": "否"})

    assert Languages("first", config=config(language=name)).of(ask(accept_language="de")).language == "zh-Hans"


def test_default_is_english_in_an_app_that_does_not_speak_the_configurations(package, config, ask) -> None:
    assert Languages(package("mute"), config=config(language="zh-Hans")).of(ask()).language == "en"


def test_default_that_nobody_speaks_is_an_error(package, config) -> None:
    with pytest.raises(ConfigError, match=r"^pages.language: there is no catalogue of 'tlh'; known: en, fr, zh-Hans$"):
        Languages(package("first", fr={"No": "Non"}), config=config(language="tlh"))


def test_folder_of_the_operator_is_taken_from_that_of_the_configuration(package, config) -> None:
    with pytest.raises(ConfigError, match=r"^pages.catalogues: there is no folder .*/nowhere$"):
        Languages(package("first"), config=config(catalogues="nowhere"))


def web(languages, page):
    routes = [Route("/page", page), Route("/language", languages.switch, methods=["POST"])]

    async def refuse(request, status):
        return PlainTextResponse(gettext("No"), status)

    place = Place("https://gw.example/ai", "")
    shield = Shield(Starlette(routes=routes), place, refuse=refuse, clock=FixedClock(), languages=languages)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(shield), base_url="http://inner")


async def test_two_requests_at_once_are_each_answered_in_their_own_language(package) -> None:
    languages, both = Languages(package("first", zh_Hans={"No": "否"})), anyio.Event()
    waiting = []

    async def page(request):
        waiting.append(request)
        if len(waiting) == 2:
            both.set()
        await both.wait()
        return PlainTextResponse(f"{spoken()} {gettext('No')}")

    answers = {}

    async def ask_for(language):
        answers[language] = (await client.get("/page", headers={"accept-language": language})).text

    async with web(languages, page) as client, anyio.create_task_group() as group:
        group.start_soon(ask_for, "zh")
        group.start_soon(ask_for, "en")

    assert answers == {"zh": "zh-Hans 否", "en": "en No"}
    assert spoken() == "en"


async def test_language_of_a_form_is_kept_and_leads_back(package) -> None:
    languages = Languages(package("first", zh_Hans={"No": "否"}))
    form = {"content-type": "application/x-www-form-urlencoded", "origin": "https://gw.example"}

    async def page(request):
        return PlainTextResponse(gettext("No"))

    async with web(languages, page) as client:
        body = urlencode({"language": "zh-Hans", "back": "/ai/page?q=1"})
        chosen = await client.post("/language", content=body, headers=form)
        cookie = {"cookie": chosen.headers["set-cookie"].partition(";")[0]}
        page_then = await client.get("/page", headers=cookie)
        body = urlencode({"language": "tlh", "back": "https://evil.example/"})
        unknown = await client.post("/language", content=body, headers=form)
        forged = await client.post(
            "/language", content=body, headers={**form, **cookie, "origin": "https://evil.example"}
        )

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/ai/page?q=1")
    assert chosen.headers["set-cookie"].startswith("__Host-tollbridge_language=zh-Hans; HttpOnly; Max-Age=31536000;")
    assert page_then.text == "否"
    assert (unknown.status_code, unknown.headers["location"]) == (303, "/ai/")
    assert "Max-Age=0" in unknown.headers["set-cookie"]
    assert (forged.status_code, forged.text) == (403, "否")
