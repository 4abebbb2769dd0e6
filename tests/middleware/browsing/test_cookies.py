import pytest
from starlette.responses import Response

from tollbridge.browsing.cookies import SESSION, read_cookie, set_cookie


def made(request, value="secret", max_age=60):
    answer = Response()
    set_cookie(answer, request, SESSION, value, max_age=max_age)
    head, *attributes = answer.headers["set-cookie"].split("; ")
    return head, {attribute.lower() for attribute in attributes}


def test_cookie_over_tls_is_bound_to_the_host(ask):
    head, attributes = made(ask(scheme="https"))

    assert head == "__Host-tollbridge_session=secret"
    assert attributes == {"httponly", "max-age=60", "path=/", "samesite=lax", "secure"}


def test_cookie_without_tls_is_for_the_pages_alone(ask):
    head, attributes = made(ask())

    assert head == "tollbridge_session=secret"
    assert attributes == {"httponly", "max-age=60", "path=/_tollbridge", "samesite=lax"}


def test_cookie_of_pages_at_the_root_is_for_the_host(ask):
    request = ask()
    request.scope["root_path"] = ""

    assert "path=/" in made(request)[1]


def test_cookie_that_is_taken_away_has_no_age(ask):
    head, attributes = made(ask(), "", 0)

    assert head == 'tollbridge_session=""'
    assert "max-age=0" in attributes


@pytest.mark.parametrize(
    ("scheme", "sent", "read"),
    [
        ("http", "tollbridge_session=a", "a"),
        ("https", "__Host-tollbridge_session=a", "a"),
        ("https", "tollbridge_session=a", ""),
        ("http", "__Host-tollbridge_session=a", ""),
        ("http", "other=a", ""),
    ],
)
def test_cookie_is_read_by_the_name_it_was_set_with(ask, scheme, sent, read):
    assert read_cookie(ask(scheme=scheme, cookie=sent), SESSION) == read
