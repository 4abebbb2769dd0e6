"""Where the dashboard thinks it is: at its public URL, never where a header says."""

import pytest
from tests.plugins.dashboard.conftest import PREFIX, Visitor

from tollbridge.browsing import SESSION, THEME

GOOD = {"name": "checkout", "scope": ["ai:chat", "model:*"], "expires": "90"}
PUBLIC = "https://gw.example.com"


@pytest.fixture
def behind(mock):
    """Give `behind(public_url)`: somebody whose requests come through a proxy that changed scheme, host and path."""

    async def at(public_url: str) -> Visitor:
        return await Visitor(mock(server={"public_url": public_url})).sign_in()

    return at


@pytest.mark.parametrize(
    ("public_url", "base"),
    [
        (PUBLIC, PUBLIC),
        ("https://GW.example.com:443", PUBLIC),
        ("https://example.com:8443/gw", "https://example.com:8443/gw"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
async def test_snippets_and_the_printed_link_go_to_the_public_url(behind, public_url, base) -> None:
    visit = await behind(public_url)

    made = (await visit.post("/tokens/new", GOOD)).text
    ((_, printed),) = visit.under.gateway.announcements("http://127.0.0.1:8800", kept=False)

    assert f"export OPENAI_BASE_URL={base}/v1\n" in made
    assert f"curl {base}/v1/chat/completions" in made
    assert "gateway.test" not in made
    assert printed.startswith(f"{public_url}{PREFIX}/sign-in?code=")


async def test_links_begin_with_the_path_the_proxy_takes_away(behind) -> None:
    visit = await behind("https://example.com/gw")

    page = await visit.get("/tokens?q=a")
    left = await visit.post("/theme", {"theme": "dark", "back": f"/gw{PREFIX}/tokens?q=a"})
    away = await visit.post("/theme", {"theme": "dark", "back": f"{PREFIX}/tokens"})

    assert f'href="/gw{PREFIX}/tokens/new"' in page.text
    assert f'"{PREFIX}' not in page.text
    assert f'name="back" value="/gw{PREFIX}/tokens?q=a"' in page.text
    assert left.headers["location"] == f"/gw{PREFIX}/tokens?q=a"
    assert away.headers["location"] == f"/gw{PREFIX}/"
    assert (await visit.get("/tokens/")).headers["location"] == f"https://example.com/gw{PREFIX}/tokens"


async def test_cookies_are_bound_to_the_host_where_the_public_url_is_https(behind) -> None:
    visit = await behind(PUBLIC)

    theme = (await visit.post("/theme", {"theme": "dark"})).headers["set-cookie"]
    left = (await visit.post("/sign-in/out")).headers["set-cookie"]

    for cookie, name in ((theme, THEME), (left, SESSION)):
        assert cookie.startswith(f"__Host-{name}=")
        assert "; Secure" in cookie
        assert "; Path=/;" in cookie
        assert "domain" not in cookie.lower()


async def test_cookie_without_the_prefix_is_worth_nothing_there(behind) -> None:
    visit = await behind(PUBLIC)
    session = visit.cookies[f"__Host-{SESSION}"]

    visit.cookies = {SESSION: session}

    assert (await visit.get("/")).headers["location"] == f"{PREFIX}/sign-in?next=%2F_tollbridge%2F"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 303),
        ("http://gw.example.com", 403),
        ("https://gw.example.com:8443", 403),
        ("http://gateway.test", 403),
        ("null", 403),
    ],
)
async def test_only_the_public_origin_may_send_forms(behind, origin, status) -> None:
    visit = await behind(PUBLIC)
    client = await visit.under.client()
    cookie = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())

    reply = await client.post(f"{PREFIX}/theme", headers={"origin": origin, "cookie": cookie}, data={"theme": "dark"})

    assert reply.status_code == status


@pytest.mark.parametrize(
    "header",
    [
        {"x-forwarded-proto": "https"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-prefix": "/evil.example"},
        {"forwarded": "proto=https;host=evil.example"},
    ],
)
async def test_headers_do_not_say_where_it_is(visit, header) -> None:
    client = await visit.under.client()
    cookie = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    headers = {"cookie": cookie, "sec-fetch-site": "same-origin", **header}

    made = await client.post(f"{PREFIX}/tokens/new", headers=headers, data=GOOD)
    theme = await client.post(f"{PREFIX}/theme", headers=headers, data={"theme": "dark"})

    assert "export OPENAI_BASE_URL=http://gateway.test/v1\n" in made.text
    assert "evil.example" not in made.text
    assert theme.headers["set-cookie"].startswith(f"{THEME}=")
    assert "secure" not in theme.headers["set-cookie"].lower()
