"""Where an answer leads is told as callers can ask for it."""

import pytest
from tests.plugins.rest.conftest import ROOT, World, define, head, route, upstream

from tollbridge_rest.redirects import Public, public_headers
from tollbridge_rest.templates import read_template

ORIGINS = frozenset(("https://a.example:8443", "https://api.example"))


@pytest.mark.parametrize(
    ("path", "rewrite", "url", "told"),
    [
        ("/{rest*}", "", "https://a.example:8443/base/orders/7?x=1#y", "/root/orders/7?x=1#y"),
        ("/{rest*}", "", "HTTPS://API.example/base/orders", "/root/orders"),
        ("/{rest*}", "", "https://api.example/base", "/root"),
        ("/{rest*}", "", "https://api.example/basement", None),
        ("/{rest*}", "", "https://api.example", None),
        ("/{rest*}", "", "https://other.example/base/orders", None),
        ("/{rest*}", "", "http://api.example/base/orders", None),
        ("/{rest*}", "", "/base/orders", None),
        ("/old/{id}", "/v2/{id}.json", "https://api.example/base/v2/a%20b.json?x", "/root/old/a%20b?x"),
        ("/old/{id}", "/v2/{id}.json", "https://api.example/base/v2/a", None),
        ("/old/{id}", "/v2/{id}", "https://api.example/base/v3/a", None),
        ("/old/{id}", "/v2/{id}", "https://api.example/base/v2/a/b", None),
        ("/old/{id}", "/v2/{id}", "https://api.example/base/v2", None),
        ("/old/{id}", "/v2/{id}", "https://api.example/base/v2/a%2e%2e%3b", None),
        ("/old/{id}", "/v2", "https://api.example/base/v2", None),
        ("/files/{rest*}", "/v2/{rest*}", "https://api.example/base/v2/a/b", "/root/files/a/b"),
        ("/files/{rest*}", "/v2/{rest*}", "https://api.example/base/v2", "/root/files"),
    ],
)
def test_url_of_a_node_is_told_as_a_path_of_the_service(path: str, rewrite: str, url: str, told: str | None) -> None:
    public = Public("/root", read_template(path), read_template(rewrite) if rewrite else None)

    found = public_headers([(b"location", url.encode()), (b"x-own", url.encode())], ORIGINS, "/base", public)

    assert found == [(b"location", (told or url).encode()), (b"x-own", url.encode())]


async def test_redirect_to_the_node_leads_through_the_gateway(world: World) -> None:
    node = await world.raw(b"")
    node._answer = head(201, f"location: {node.url}/base/v2/7")
    main = upstream(f"{node.url}/base")
    live = await world.serve(define({"main": main}, [route("/orders/{id}", rewrite="/v2/{id}")]))

    answer = await live.client.post("/orders/new")

    assert answer.headers["location"] == f"{ROOT}/orders/7"
