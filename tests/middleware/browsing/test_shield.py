import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route

from tollbridge.browsing.place import Place
from tollbridge.browsing.shield import Shield, policy
from tollbridge.errors import Unavailable
from tollbridge.testing import FixedClock


async def page(request):
    headers = {"cache-control": "public", "server-timing": "render;dur=1.0"} if "kept" in request.query_params else {}
    return PlainTextResponse(request.url.path, headers=headers)


async def refuse(request, status):
    return PlainTextResponse(f"refused {request.url.path}", status)


def client(**options):
    app = Starlette(routes=[Route("/page", page, methods=["GET", "POST"])])
    shield = Shield(app, Place("https://gw.example/ai", ""), refuse=refuse, clock=FixedClock(), **options)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(shield), base_url="http://inner")


async def test_every_answer_carries_the_headers():
    async with client() as web:
        answers = [await web.get("/page"), await web.get("/nothing"), await web.post("/page")]

    assert [answer.status_code for answer in answers] == [200, 404, 403]
    for answer in answers:
        assert answer.headers["content-security-policy"] == policy()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["server-timing"] == "total;dur=0.0"


async def test_page_may_be_kept_and_say_its_own_time():
    async with client() as web:
        answer = await web.get("/page?kept")

    assert answer.headers["cache-control"] == "public"
    assert answer.headers["server-timing"] == "render;dur=1.0, total;dur=0.0"


async def test_request_is_seen_at_the_public_url():
    async with client() as web:
        here = await web.post("/page", headers={"origin": "https://gw.example"})
        elsewhere = await web.post("/page", headers={"origin": "http://inner"})

    assert (here.status_code, here.text) == (200, "/ai/page")
    assert (elsewhere.status_code, elsewhere.text) == (403, "refused /ai/page")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
async def test_change_that_another_site_asks_for_is_refused(method):
    async with client() as web:
        answer = await web.request(method, "/page", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


async def test_reading_from_another_site_is_let_through():
    async with client() as web:
        assert (await web.get("/page", headers={"sec-fetch-site": "cross-site"})).status_code == 200


async def test_whoever_admits_may_answer_before_the_pages():
    async def admit(request):
        return None if "token" in request.query_params else RedirectResponse("/ai/sign-in", 303)

    async with client(admit=admit) as web:
        out, admitted = await web.get("/page"), await web.get("/page?token")
        forged = await web.post("/page")

    assert (out.status_code, out.headers["location"]) == (303, "/ai/sign-in")
    assert "content-security-policy" in out.headers
    assert admitted.text == "/ai/page"
    assert forged.status_code == 403


async def test_failure_to_admit_is_a_refusal():
    async def admit(request):
        raise Unavailable("the store is away")

    async with client(admit=admit) as web:
        answer = await web.get("/page")

    assert (answer.status_code, answer.text) == (503, "refused /ai/page")


async def test_websocket_is_closed_and_lifespan_ignored():
    sent = []

    async def send(message):
        sent.append(message)

    shield = Shield(page, Place("", ""), refuse=refuse, clock=FixedClock())
    await shield({"type": "websocket", "path": "/", "headers": []}, None, send)
    await shield({"type": "lifespan"}, None, send)

    assert sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


def test_policy_names_where_forms_may_lead():
    assert "form-action 'self'; base-uri 'none'" in policy()
    assert "form-action 'self' https://a.example https://b.example; " in policy(
        ("https://a.example", "https://b.example")
    )
