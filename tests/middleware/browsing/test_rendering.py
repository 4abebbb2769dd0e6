import sys

import pytest
from jinja2 import UndefinedError
from tests.support.languages import write_catalogue

from tollbridge.browsing.rendering import Renderer
from tollbridge.browsing.speech import speaking
from tollbridge.config import parse_config
from tollbridge.testing import FixedClock

PAGE = """{% extends "bare.html" %}
{% block title %}{{ name }}{% endblock %}
{% block main %}{{ marks.icon("key") }}<p>{{ name }}</p><a href="{{ here }}">{{ now.year }}</a>{% endblock %}"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package of these templates and static files."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, **files):
        monkeypatch.delitem(sys.modules, name, raising=False)  # that of another test
        for folder in ("templates", "static"):
            (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        for file, text in files.items():
            stem, _, suffix = file.rpartition("_")
            folder = "templates" if suffix == "html" else "static"
            (tmp_path / name / folder / f"{stem}.{suffix}").write_text(text)
        return name

    return make


@pytest.fixture
def renderer(package):
    return Renderer(package("rendered", page_html=PAGE), FixedClock(), mount="/sign-in")


def test_page_of_a_package_has_the_shared_frame(renderer, ask):
    page = renderer.render(ask("/_tollbridge/sign-in", "q=1"), "page.html", status=401, name="<b>")
    text = page.body.decode()

    assert page.status_code == 401
    assert "<title>&lt;b&gt; · Tollbridge</title>" in text
    assert "<p>&lt;b&gt;</p>" in text
    assert f'href="/_tollbridge{renderer.assets.path("base.css")}"' in text
    assert '<a href="/_tollbridge/sign-in?q=1">2026</a>' in text
    assert page.headers["server-timing"] == "render;dur=0.0"


@pytest.mark.parametrize(("cookie", "said"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"')])
def test_theme_is_that_of_the_cookie(renderer, ask, cookie, said):
    page = renderer.render(ask(cookie=f"tollbridge_theme={cookie}"), "page.html", name="x")

    assert f'<html lang="en"{said}>' in page.body.decode()


@pytest.mark.parametrize("cookie", ["", "blue", "dark x"])
def test_theme_that_is_none_is_the_systems(renderer, ask, cookie):
    assert (
        '<html lang="en">'
        in renderer.render(ask(cookie=f"tollbridge_theme={cookie}"), "page.html", name="x").body.decode()
    )


def test_name_that_is_not_given_is_an_error(renderer, ask):
    with pytest.raises(UndefinedError):
        renderer.render(ask(), "page.html")


def test_further_packages_have_what_the_package_lacks_and_go_before_what_is_shared(package, ask):
    frame = "{% extends 'bare.html' %}{% block main %}{% include 'part.html' %}{{ asset('own.css') }}{% endblock %}"
    package("own", page_html=frame, own_css="own")
    package("first", part_html="first", own_css="first", base_css="first")
    package("second", part_html="second", marks_html="{% macro logo() %}second{% endmacro %}", base_css="second")
    renderer = Renderer("own", FixedClock(), also=("first", "second"))
    text = renderer.render(ask(), "page.html").body.decode()

    only = {name: Renderer(name, FixedClock()).assets for name in ("own", "first")}
    assert f"first{only['own'].path('own.css')}" in text
    assert '<p class="brand">secondTollbridge' in text
    assert renderer.assets.path("base.css") == only["first"].path("base.css")


SAYING = """{% extends "bare.html" %}{% block main %}{{ _("No") }} {{ _("Hello %(name)s", name=name) }}
{{ ngettext("%(num)s row", "%(num)s rows", 2) }} {{ pgettext("x", "Set") }} {{ zone.moment(now) }}{% endblock %}"""


@pytest.fixture
def saying(package, tmp_path):
    write_catalogue(
        tmp_path / "saying" / "locale",
        "ar",
        {"No": "لا", "Hello %(name)s": "مرحبا %(name)s", ("%(num)s row", "%(num)s rows"): ("%(num)s صف",) * 6},
    )
    config = parse_config({"pages": {"time_zone": "Asia/Kathmandu"}})
    return Renderer(package("saying", page_html=SAYING), FixedClock(), mount="/x", config=config)


def test_page_is_said_in_the_language_that_is_spoken_and_names_it(saying, ask):
    request = ask(accept_language="ar-EG", method="GET")

    with speaking(saying.languages.of(request)):
        page = saying.render(request, "page.html", name="<i>")
    text = page.body.decode()

    assert '<html lang="ar" dir="rtl">' in text
    assert "لا مرحبا &lt;i&gt;\n2 صف Set" in text
    assert page.headers["content-language"] == "ar"
    assert page.headers["vary"] == "Accept-Language, Cookie"


def test_page_is_english_again_afterwards_and_has_the_time_of_the_zone(saying, ask):
    with speaking(saying.languages.of(ask(accept_language="ar"))):
        saying.render(ask(), "page.html", name="Ada")
    page = saying.render(ask(), "page.html", name="Ada")

    assert '<html lang="en">' in page.body.decode()
    assert "No Hello Ada\n2 rows Set " in page.body.decode()
    assert f"{saying.zone.moment(FixedClock().now())}</div>" in page.body.decode()
    assert page.headers["content-language"] == "en"


def test_languages_are_offered_where_the_page_can_be_shown_again(saying, ask):
    offered = '<form class="languages" method="post" action="/_tollbridge/x/language"'
    back = '<input type="hidden" name="back" value="/_tollbridge/?q=1">'
    shown = saying.render(ask(query="q=1", method="GET"), "page.html", name="x").body.decode()
    others = [
        saying.render(ask(), "page.html", name="x"),
        saying.render(ask(method="GET"), "page.html", status=404, name="x"),
        saying.render(ask(query="q=" + "x" * 5000, method="GET"), "page.html", name="x"),
    ]

    assert offered in shown
    assert back in shown
    assert '<button class="link" name="language" value="ar" lang="ar">ar</button>' in shown
    assert 'lang="en" aria-current="true">English</button>' in shown
    assert [offered in page.body.decode() for page in others] == [False] * 3


def test_languages_may_be_those_of_several_renderers(saying, package, ask):
    other = Renderer(package("other", page_html=SAYING), FixedClock(), languages=saying.languages)

    with speaking(saying.languages.of(ask(accept_language="ar"))):
        text = other.render(ask(method="GET"), "page.html", name="x").body.decode()

    assert "لا مرحبا x" in text
    assert 'value="ar"' in text


def test_one_language_is_no_choice(renderer, ask):
    assert "languages" not in renderer.render(ask(method="GET"), "page.html", name="x").body.decode()


def test_templates_of_one_name_in_two_apps_are_each_their_own_and_what_they_share_is_compiled_once(package, ask):
    one = Renderer(package("one", page_html=PAGE), FixedClock())
    two = Renderer(package("two", page_html=PAGE.replace("p>", "b>")), FixedClock())

    shared, own = ([each.templates.get_template(name) for each in (one, two)] for name in ("bare.html", "page.html"))

    assert shared[0].root_render_func.__code__ is shared[1].root_render_func.__code__
    assert [b"<b>you</b>" in each.render(ask(), "page.html", name="you").body for each in (one, two)] == [False, True]
    assert own[0].root_render_func.__code__ is not own[1].root_render_func.__code__
