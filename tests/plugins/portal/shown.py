"""A gateway that serves what samples call: a model that says what it is told, a prompt API and a REST service."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.live import TIMEOUT_S, LiveGateway

CONFIG = """
[plugins]
allowed = ["admin", "anthropic", "echo", "openai", "prompts", "rest"]
[providers.echo]
[services]
allow_private = true
[models.echo]
targets = ["echo/say"]
[models.vectors]
targets = ["echo/embed"]
"""
PROMPT = {
    "name": "Letter",
    "access": "scope",
    "definition": {
        "model": "echo",
        "user": "{{letter}}",
        "variables": {"letter": {"type": "string"}, "words": {"type": "array", "default": []}},
    },
}


class _Mirror(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode("utf-8"),
        }
        said = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_: object) -> None:
        pass


def rest(url: str) -> dict[str, Any]:
    """Design a REST service before an upstream at this URL."""
    node = {"nodes": [{"url": url}], "allow_private": True}
    routes = [
        {"name": "one", "path": "/things/{id}", "upstream": "main", "escaped_slashes": True},
        {"name": "file", "path": "/files/{rest*}", "upstream": "main"},
    ]
    return {
        "name": "Mirror",
        "access": "scope",
        "definition": {"upstreams": {"main": node}, "routes": routes},
    }


class Shown:
    """A gateway with its services, and a token that may call all of them."""

    def __init__(self, gateway: LiveGateway) -> None:
        self.gateway = gateway
        scopes = ("admin:*", "service:*", "ai:*", "model:*")
        self.token: str = gateway.token(*(word for scope in scopes for word in ("--scope", scope)))["token"]

    @property
    def url(self) -> str:
        return self.gateway.url.rstrip("/")

    def publish(self, slug: str, kind: str, draft: dict[str, Any]) -> None:
        self._ask("/services", {"slug": slug, "kind": kind})
        self._ask(f"/services/{slug}", {"draft": draft}, method="PATCH")
        self._ask(f"/services/{slug}/releases", {"version": "1"})
        self._ask(f"/services/{slug}/releases/1/publish", {})

    def _ask(self, path: str, body: object, method: str = "POST") -> None:
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=TIMEOUT_S)
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        connection.request(method, f"/_tollbridge/api/v1{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status < 300, said


@contextmanager
def shown_in(folder: Path) -> Iterator[Shown]:
    """Serve it all until the `with` block ends."""
    mirror = ThreadingHTTPServer(("127.0.0.1", 0), _Mirror)
    thread = threading.Thread(target=mirror.serve_forever, daemon=True)
    thread.start()
    try:
        with LiveGateway(folder, CONFIG) as gateway:
            shown = Shown(gateway)
            shown.publish("letter", "prompt", PROMPT)
            shown.publish("mirror", "rest", rest(f"http://127.0.0.1:{mirror.server_port}"))
            yield shown
    finally:
        mirror.shutdown()
        mirror.server_close()
        thread.join()
