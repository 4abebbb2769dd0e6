"""Nodes that prove who they are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.rest.conftest import RawNode, World, define, head, route, upstream
from tests.support.certificates import certificates_for

from tollbridge.transport.guard import Guard


async def to_here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("tls", "status"),
    [
        ({"ca": True}, 200),
        ({"ca": True, "server_name": "other.example"}, 502),
        ({}, 502),
        ({"verify": False}, 200),
    ],
)
async def test_node_is_trusted_for_its_certificate(world: World, tmp_path: Path, tls: Any, status: int) -> None:
    certificates = certificates_for("node.example", tmp_path)
    pem = next(path.read_text() for path in tmp_path.iterdir() if "BEGIN CERTIFICATE" in path.read_text())
    tls = {**tls, "ca": pem} if "ca" in tls else tls
    node = RawNode(head(200, body=b"safe"))
    server = await asyncio.start_server(node, "127.0.0.1", 0, ssl=certificates.server)
    async with server:
        port = server.sockets[0].getsockname()[1]
        definition = define({"main": upstream(f"https://node.example:{port}", tls=tls)}, [route()])
        live = await world.serve(definition, guard=Guard(to_here))

        answer = await live.client.get("/")

    assert answer.status_code == status
    if status == 200:
        assert answer.text == "safe"


async def test_name_that_is_asked_for_can_be_another_than_the_urls(world: World, tmp_path: Path) -> None:
    certificates = certificates_for("inner.example", tmp_path)
    pem = next(path.read_text() for path in tmp_path.iterdir() if "BEGIN CERTIFICATE" in path.read_text())
    node = RawNode(head(200, body=b"safe"))
    server = await asyncio.start_server(node, "127.0.0.1", 0, ssl=certificates.server)
    async with server:
        port = server.sockets[0].getsockname()[1]
        tls = {"ca": pem, "server_name": "inner.example"}
        live = await world.serve(define({"main": upstream(f"https://127.0.0.1:{port}", tls=tls)}, [route()]))

        answer = await live.client.get("/")

    assert answer.text == "safe"
    assert b"host: 127.0.0.1:" in node.heads[0]
