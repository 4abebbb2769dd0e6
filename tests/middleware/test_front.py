"""What the gateway answers itself: health, metrics, and the apps under its prefix."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tollbridge import SetupError, hookimpl
from tollbridge.errors import PluginError


class Pages:
    """A plugin with two apps, one below the other."""

    @hookimpl
    def register_apps(self, register: Any) -> None:
        async def where(request: Any) -> JSONResponse:
            return JSONResponse({"root": request.scope["root_path"], "path": request.url.path, "seen": seen(request)})

        app = Starlette(routes=[Route("/{rest:path}", where)])
        register("/pages", lambda gateway: app, own_guard="everybody may see them")
        register("/pages/deep/", lambda gateway: app, own_guard="everybody may see them")


def seen(request: Any) -> list[str]:
    return sorted(name for name in request.headers if name.startswith(("x-remote", "authorization")))


async def host(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"the host"})


PATHS = ("/healthz", "/readyz", "/_tollbridge/healthz", "/_tollbridge/readyz", "/metrics")


async def test_health_readiness_and_metrics_need_no_token(gateway) -> None:
    gw = gateway()

    replies = {path: await gw.request("GET", path, token="") for path in PATHS}

    assert {reply.status_code for reply in replies.values()} == {200}
    assert replies["/healthz"].json() == {"status": "ok"}
    assert replies["/readyz"].json() == {"status": "ready"}
    assert "tollbridge_build_info" in replies["/metrics"].text
    assert replies["/metrics"].headers["content-type"].startswith("text/plain")
    assert all(reply.headers["cache-control"] == "no-store" for reply in replies.values())


async def test_metrics_are_written_as_the_scraper_asks(gateway) -> None:
    reply = await gateway().request("GET", "/metrics", token="", headers={"accept": "application/openmetrics-text"})

    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


async def test_readiness_says_why_not(gateway) -> None:
    gw = gateway()
    await gw.client()
    database = gw.gateway.config.data / "tollbridge.db"
    database.rename(database.with_name("moved.db"))

    reply = await gw.request("GET", "/readyz", token="")

    assert reply.status_code == 503
    assert reply.json() == {"status": "unavailable", "reason": "the gateway cannot reach its store now; try again"}


async def test_host_keeps_its_own_health_paths(gateway) -> None:
    gw = gateway({"service": {"public": ["*"]}}, app=host)

    assert (await gw.request("GET", "/healthz", token="")).content == b"the host"
    assert (await gw.request("GET", "/_tollbridge/healthz", token="")).json() == {"status": "ok"}


async def test_prefix_and_metrics_move_or_go(gateway) -> None:
    moved = gateway({"server": {"prefix": "/gate", "metrics": "/numbers"}, "service": {"public": ["*"]}}, app=host)
    gone = gateway({"server": {"prefix": "", "metrics": ""}, "service": {"public": ["*"]}}, app=host)

    assert (await moved.request("GET", "/gate/healthz", token="")).json() == {"status": "ok"}
    assert "tollbridge_" in (await moved.request("GET", "/numbers", token="")).text
    for path in (*PATHS, "/_tollbridge", "/"):
        assert (await gone.request("GET", path, token="")).content == b"the host"


async def test_app_of_a_plugin_is_mounted_below_the_prefix_and_the_longest_mount_wins(gateway) -> None:
    gw = gateway(plugins=(Pages(),))

    shallow = await gw.request("GET", "/_tollbridge/pages/a/b", token="", headers={"x-remote-user": "root"})
    deep = await gw.request("GET", "/_tollbridge/pages/deep/c", token="")

    assert shallow.json() == {"root": "/_tollbridge/pages", "path": "/_tollbridge/pages/a/b", "seen": []}
    assert deep.json()["root"] == "/_tollbridge/pages/deep"


async def test_nothing_below_the_prefix_reaches_the_host(gateway) -> None:
    gw = gateway({"plugins": {"disabled": ["pages"]}, "service": {"public": ["*"]}}, app=host)

    for path in ("/_tollbridge", "/_tollbridge/nothing", "/_tollbridge/pagesandmore"):
        reply = await gw.request("GET", path, token="")
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    assert (await gw.request("GET", "/_tollbridgelike", token="")).content == b"the host"


@pytest.mark.parametrize("path", ["/healthz", "/_tollbridge/pages/x"])
async def test_own_pages_refuse_ambiguous_requests_too(gateway, path) -> None:
    gw = gateway(plugins=(Pages(),))

    reply = await gw.request("GET", path, token="", headers={"transfer-encoding": "chunked", "content-length": "1"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsafe_request")


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        (RuntimeError("no template"), "the app at '/pages' could not be made: no template; to start without it"),
        (SetupError("install the templates"), "install the templates"),
    ],
)
async def test_app_that_cannot_be_made_stops_the_start(gateway, raised, sentence) -> None:
    class Broken:
        @hookimpl
        def register_apps(self, register: Any) -> None:
            def make(gateway: Any) -> Any:
                raise raised

            register("/pages", make)

    with pytest.raises(SetupError) as refused:
        await gateway(plugins=(Broken(),)).client()

    assert str(refused.value).startswith(sentence)
    assert isinstance(refused.value, PluginError) is isinstance(raised, RuntimeError)


@pytest.mark.parametrize("hook", ["register_apps", "register_paths"])
async def test_app_that_would_let_everybody_in_stops_the_start(gateway, hook) -> None:
    plugin = type("Forgetful", (), {hook: hookimpl(lambda self, register: register("/v1/forgotten", lambda gw: host))})

    with pytest.raises(PluginError) as refused:
        await gateway(plugins=(plugin(),)).client()

    assert str(refused.value) == (
        "the app at '/v1/forgotten' lets everybody in: its plugin must put it behind gateway.guard(...), or say by "
        "register(..., own_guard=) how it knows its callers; to start without it: plugins.disabled"
    )


class Documents:
    """A plugin with a document at a well-known place, and one that it does not have today."""

    @hookimpl
    def register_well_known(self, register: Any) -> None:
        async def tell(scope: Any, receive: Any, send: Any) -> None:
            answer = JSONResponse({"root": scope["root_path"], "path": scope["path"]})
            await answer(scope, receive, send)

        register("about", lambda gateway: tell)
        register("absent", lambda gateway: None)


@pytest.mark.parametrize("app", [None, host])
async def test_document_of_a_plugin_is_at_its_well_known_place(gateway, app) -> None:
    gw = gateway(plugins=(Documents(),), app=app)

    found = [await gw.request("GET", f"/.well-known/about{below}", token="") for below in ("", "/a/b")]

    root = "/.well-known/about"
    assert [reply.json() for reply in found] == [{"root": root, "path": root}, {"root": root, "path": f"{root}/a/b"}]


async def test_what_reads_in_two_ways_is_refused_before_a_document_sees_it(gateway) -> None:
    gw = gateway(plugins=(Documents(),))

    reply = await gw.request(
        "GET", "/.well-known/about", token="", headers={"transfer-encoding": "chunked", "content-length": "1"}
    )

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsafe_request")


async def test_other_well_known_places_are_the_chains(gateway) -> None:
    gw = gateway(plugins=(Documents(),), app=host)

    for path in ("/.well-known/absent", "/.well-known/", "/.well-known/abouts", "/.well-known", "/well-known/about"):
        assert (await gw.request("GET", path, token="")).status_code == 401


async def test_document_that_cannot_be_made_stops_the_start(gateway) -> None:
    class Broken:
        @hookimpl
        def register_well_known(self, register: Any) -> None:
            register("about", {}.__getitem__)

    with pytest.raises(PluginError, match="the app at 'about' could not be made"):
        await gateway(plugins=(Broken(),)).client()


class Doors:
    """A plugin with an app at a path of its own, and a document below another's."""

    @hookimpl
    def register_paths(self, register: Any) -> None:
        async def there(request: Any) -> JSONResponse:
            return JSONResponse({"root": request.scope["root_path"], "path": request.url.path})

        door = Starlette(routes=[Route("/v1/door{rest:path}", there)])
        register("/v1/door/", lambda gateway: door, own_guard="it stands open")

    @hookimpl
    def register_well_known(self, register: Any) -> None:
        def app(name: str) -> Any:
            async def said(request: Any) -> JSONResponse:
                return JSONResponse({"app": name, "root": request.scope["root_path"]})

            return Starlette(routes=[Route("/{rest:path}", said), Route("/", said)])

        register("thing", lambda gateway: app("thing"))
        register("thing/v1/door", lambda gateway: app("door"))


@pytest.mark.parametrize("app", [None, host])
async def test_app_with_a_path_of_its_own_is_there_and_nowhere_beside(gateway, app) -> None:
    gw = gateway({}, plugins=(Doors(),), app=app)

    for path in ("/v1/door", "/v1/door/way/down"):
        assert (await gw.request("GET", path, token="")).json() == {"root": "", "path": path}
    assert (await gw.request("GET", "/v1/doors", token="")).status_code == 401


async def test_longer_well_known_name_goes_before_the_one_it_begins_with(gateway) -> None:
    gw = gateway({}, plugins=(Doors(),))

    async def asked(path: str) -> Any:
        return (await gw.request("GET", f"/.well-known/{path}", token="")).json()

    assert await asked("thing/v1/door/x") == {"app": "door", "root": "/.well-known/thing/v1/door"}
    assert await asked("thing/v1/doors") == {"app": "thing", "root": "/.well-known/thing"}


async def test_document_about_a_path_is_found_with_that_of_the_public_url_before_it_too(gateway) -> None:
    gw = gateway({"server": {"public_url": "https://gw.example/a/gw"}}, plugins=(Doors(),))

    async def asked(path: str) -> Any:
        return (await gw.request("GET", f"/.well-known/{path}", token="")).json()

    assert await asked("thing/v1/door/x") == {"app": "door", "root": "/.well-known/thing/v1/door"}
    assert await asked("thing/a/gw/v1/door/x") == {"app": "door", "root": "/.well-known/thing/a/gw/v1/door"}
    assert await asked("thing/a/v1/door") == {"app": "thing", "root": "/.well-known/thing"}
