import sys

import pytest
from jinja2 import UndefinedError

from tollbridge.browsing.rendering import Renderer
from tollbridge.testing import FixedClock

PAGE = """{% extends "bare.html" %}
{% block title %}{{ name }}{% endblock %}
{% block main %}{{ marks.icon("key") }}<p>{{ name }}</p><a href="{{ here }}">{{ now.year }}</a>{% endblock %}"""


@pytest.fixture
def renderer(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rendered", raising=False)  # that of another test
    for folder in ("templates", "static"):
        (tmp_path / "rendered" / folder).mkdir(parents=True)
    (tmp_path / "rendered" / "__init__.py").touch()
    (tmp_path / "rendered" / "templates" / "page.html").write_text(PAGE)
    return Renderer("rendered", FixedClock(), mount="/sign-in")


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
