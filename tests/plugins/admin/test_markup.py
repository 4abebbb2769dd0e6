"""What somebody writes of services, plans, applications and subscriptions is text (T20, T29).

It comes back as it was written, as JSON that no browser takes for a page. Nothing of it is run, and none breaks a
route.
"""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from tests.plugins.admin.conftest import Admin

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe src=javascript:alert(1)>',
    "[x](javascript:alert(1))",
    '![x](x"onerror="alert(1))',
    "</textarea><script>1</script>",
    '<!--#exec cmd="id"-->',
    "javascript:/*--></title></style>alert(1)//",
    "data:text/html,<script>1</script>",
    "&lt;script&gt;",
    "<a href='//evil.example' target=_blank>",
)
CODE = (
    "{{7*7}}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "%(x)s %s %n",
    "{0.__class__}",
    "$(touch RAN)",
    "`touch RAN`",
    "__import__('os').system('touch RAN')",
    "!!python/object/apply:os.system ['touch RAN']",
    "cos\\nsystem\\n(S'touch RAN'\\ntR.",
    "'; DROP TABLE services; --",
    "%",
    "_%_",
)
ODD = ("Ａ", "a\u0301" * 20, "../../etc/passwd", "\\\\evil\\share")
HIDDEN = ("\u202egnp.exe", "a\u200bb", "a\u2028b", "\x1b[2J")
WORDS = (*MARKUP, *CODE, *ODD, "null", "NaN", "-0")
READY = {"name": "Weather", "definition": {"text": "rain"}, "visibility": "public", "access": "scope"}


@pytest.fixture
async def weather(admin: Admin) -> str:
    """Publish a service and give where it is."""
    wish = {"slug": "weather", "kind": "answering", "draft": READY}
    assert (await admin.post("/services", wish)).status_code == 201
    assert (await admin.post("/services/weather/releases", {"version": "1"})).status_code == 201
    assert (await admin.post("/services/weather/releases/1/publish")).status_code == 200
    return "/services/weather"


async def check(admin: Admin, method: str, path: str, body: Any, **held: Any) -> dict[str, Any]:
    """Write something that is taken, and is there as it was written."""
    reply = await admin.ask(method, path, body)
    assert reply.is_success, (path, body, reply.text)
    assert_no_page(reply)
    found: dict[str, Any] = reply.json()
    assert {name: found[name] for name in held} == held, (path, body)
    return found


def assert_no_page(reply: Response) -> None:
    assert reply.headers["content-type"].split(";")[0] in ("application/json", "application/problem+json")
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_words_of_people_come_back_as_they_were_written_and_nothing_is_run(
    admin: Admin, weather: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    for number, text in enumerate(WORDS[::2], 2):
        said = {"name": text, "description": text, "docs": f"# {text}\n\n{text}\n", "definition": {"text": text}}
        said |= {"contacts": [{"name": text, "email": "", "url": ""}]}
        await check(admin, "PATCH", weather, {"draft": said})
        draft = (await admin.get(f"{weather}/draft")).json()["draft"]
        assert {name: draft[name] for name in said} == said
        release = f"{weather}/releases/{number}"
        await check(admin, "POST", f"{weather}/releases", {"version": f"{number}", "note": text}, note=text)
        await check(admin, "POST", f"{release}/submit", {"why": text}, asked_why=text)
        await check(admin, "POST", f"{release}/approve", {"why": text}, decided_why=text)
        await check(admin, "POST", f"{release}/publish", {"why": text}, state="live")
        called = await admin.under.request("POST", "/v1/apis/weather", token=admin.secret)
        assert called.json()["text"] == text
        for path in ("/services", weather, f"{weather}/diff?from=1", f"{weather}/openapi", f"{weather}/releases"):
            assert_no_page(await admin.get(path))

        plan = {"name": f"plan-{number}", "title": text, "description": text}
        await check(admin, "POST", "/plans", plan, title=text, description=text)
        more = {"name": text, "owner": text, "description": text, "metadata": {"m": text}}
        application = (await check(admin, "POST", "/applications", more, **more))["id"]
        asked = {"application": application, "service": "weather", "why": text}
        one = (await check(admin, "POST", "/subscriptions", asked, why=text))["id"]
        await check(admin, "POST", f"/subscriptions/{one}/refuse", {"opinion": text}, opinion=text)

    assert [path.name for path in tmp_path.rglob("*") if "RAN" in path.name] == []


async def test_words_of_machines_are_refused_by_name(admin: Admin, weather: str) -> None:
    """Slugs, versions, categories, tags, plans and addresses have a form, which markup and code have not."""
    application = (await check(admin, "POST", "/applications", {"name": "Shop"}))["id"]

    for text in (*MARKUP, *CODE, *ODD)[::3]:
        for method, path, body, field in (
            ("POST", "/services", {"slug": text, "kind": "answering"}, "slug"),
            ("POST", "/services", {"slug": "a", "kind": text}, "kind"),
            ("POST", f"{weather}/releases", {"version": text}, "version"),
            ("PATCH", weather, {"draft": {"category": text}}, "category"),
            ("PATCH", weather, {"draft": {"tags": [text]}}, "tags"),
            ("PATCH", weather, {"draft": {"plans": [text]}}, "plans"),
            ("PATCH", weather, {"draft": {"logo": text}}, "logo"),
            ("PATCH", weather, {"draft": {"contacts": [{"name": "a", "url": text}]}}, "contacts"),
            ("PATCH", weather, {"draft": {"contacts": [{"name": "a", "email": text}]}}, "contacts"),
            ("POST", "/plans", {"name": text}, "name"),
            ("PATCH", f"/applications/{application}", {"hours": text}, "hours"),
            ("PATCH", f"/applications/{application}", {"from": [text]}, "from"),
        ):
            reply = await admin.ask(method, path, body)

            assert_no_page(reply)
            assert reply.status_code == 422, (path, body, reply.text)
            assert any(field in error["field"] for error in reply.json()["errors"]), reply.text


async def test_signs_that_hide_something_are_in_no_name(admin: Admin, weather: str) -> None:
    """They turn the direction of a line, have no width, or steer a terminal."""
    for text in HIDDEN:
        for method, path, body in (
            ("PATCH", weather, {"draft": {"name": text}}),
            ("PATCH", weather, {"draft": {"contacts": [{"name": text}]}}),
            ("POST", f"{weather}/releases", {"version": "9", "note": text}),
            ("POST", "/plans", {"name": "gold", "title": text}),
            ("POST", "/applications", {"name": text}),
        ):
            assert (await admin.ask(method, path, body)).status_code == 422, (path, body)


async def test_words_that_are_looked_for_are_text_and_no_pattern(admin: Admin, weather: str) -> None:
    await check(admin, "POST", "/applications", {"name": "Shop"})
    asked = {"/services": "q", "/applications": "q", "/catalogue": "q", "/subscriptions": "application"}

    for path, name in asked.items():
        for text in WORDS:
            reply = await admin.under.request(
                "GET", f"/_tollbridge/api/v1{path}", token=admin.secret, params={name: text}
            )

            assert_no_page(reply)
            assert reply.status_code == 422 or reply.json()["items"] == [], (path, text, reply.text)
