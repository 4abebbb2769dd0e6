"""`tollbridge openapi-draft`: a document of a file or a URL, written as a service that its commands take."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge

from tollbridge.yamltext import read_yaml
from tollbridge_rest import bringing

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]
ORDERS = """
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: /v2}]
security: [{key: []}]
paths:
  /orders:
    get: {operationId: list, responses: {"200": {description: ok}}}
components: {securitySchemes: {key: {type: http, scheme: bearer}}}
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(ORDERS)
    return path


@pytest.fixture
def host() -> Iterator[str]:
    """Serve the document on this machine, and one path that leads to it."""

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/orders.yaml"
            self.send_response(200 if found else 302)
            self.send_header("location", "/orders.yaml")
            self.send_header("content-length", str(len(ORDERS) if found else 0))
            self.end_headers()
            self.wfile.write(ORDERS.encode() if found else b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Serving)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_draft_of_a_file_is_one_that_can_be_begun_and_released(
    tollbridge: Command, config: Path, laid: Path, orders: Path, tmp_path: Path
) -> None:
    file = tmp_path / "service.json"
    drafted = tollbridge("openapi-draft", str(orders), "--upstream", "https://api.example.com", "--out", str(file))

    assert (drafted.code, drafted.out) == (0, "")
    assert drafted.err.splitlines() == [
        "servers are not used: /v2",
        "security is not used (key): give the upstream its credential as auth",
        "1 operations can be called",
    ]
    assert tollbridge("service", "create", "orders", "--kind", "rest", "--file", str(file)).code == 0
    released = tollbridge("service", "release", "orders", "--version", "1", "--json")
    assert json.loads(released.out)["version"] == "1"


def test_draft_is_printed_or_written_as_yaml(tollbridge: Command, config: Path, orders: Path, tmp_path: Path) -> None:
    file = tmp_path / "service.yml"

    printed = tollbridge("openapi-draft", str(orders))
    written = tollbridge("openapi-draft", str(orders), "-o", str(file))

    assert (printed.code, written.code, written.out) == (0, 0, "")
    assert json.loads(printed.out) == read_yaml(file.read_text())
    assert "problem: upstreams: the document names no server" in printed.err


def test_url_at_a_private_address_is_fetched_only_where_it_is_said(
    tollbridge: Command, config: Path, host: str
) -> None:
    secure = host.replace("http:", "https:")

    fetched = tollbridge("openapi-draft", f"{host}/orders.yaml", "--allow-private")
    refused = [tollbridge("openapi-draft", f"{each}/orders.yaml") for each in (host, secure)]

    upstreams = json.loads(fetched.out)["definition"]["upstreams"]
    assert upstreams == {"main": {"nodes": [{"url": f"{host}/v2"}]}}
    assert [ran.code for ran in refused] == [1, 1]
    assert "must begin with https://" in refused[0].err
    assert "its address is not public" in refused[1].err


def test_url_that_sends_elsewhere_is_not_followed(tollbridge: Command, config: Path, host: str) -> None:
    ran = tollbridge("openapi-draft", f"{host}/moved", "--allow-private")

    assert ran.code == 1
    assert "sends elsewhere, where nobody follows" in ran.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("swagger: '2.0'", "swagger: this is a Swagger 2.0 document"),
        ("openapi: 3.1.0\ninfo: {version: '1'}\npaths: {}", "info/title"),
        ("[", "this is no JSON"),
    ],
)
def test_document_that_cannot_be_used_is_told_with_the_place(
    tollbridge: Command, config: Path, orders: Path, text: str, says: str
) -> None:
    orders.write_text(text)

    ran = tollbridge("openapi-draft", str(orders))

    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_file_that_is_not_there_or_there_already_is_told(
    tollbridge: Command, config: Path, orders: Path, tmp_path: Path
) -> None:
    missing = tollbridge("openapi-draft", str(tmp_path / "nothing.yaml"))
    taken = tollbridge("openapi-draft", str(orders), "--out", str(orders))

    assert (missing.code, taken.code) == (2, 2)
    assert "cannot be read" in missing.err
    assert "must be a new file" in taken.err
    assert orders.read_text() == ORDERS


def test_large_draft_is_written_without_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "MOST_DESIGN", 10)

    bringing.write({"name": "Orders"}, tmp_path / "a.json")

    assert (tmp_path / "a.json").read_bytes() == b'{"name":"Orders"}'
