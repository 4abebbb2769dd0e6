"""Webhooks of a gateway with two workers: a receiver by the specification's authors verifies each message, once."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from tests.support.live import LiveGateway, mock_config
from tests.support.waiting import until

CONFIG = """
[webhooks]
allow_private = true
[rotation]
folder = "secrets"
"""


class Receiver:
    """A server on loopback that keeps what it is sent; the first message is answered with 500."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._take())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/in"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self) -> type[BaseHTTPRequestHandler]:
        got = self.got

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(500 if len(got) == 1 else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Take

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


async def test_each_message_is_verified_and_arrives_once_whichever_worker_sends_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    (tmp_path / "secrets").mkdir()
    config = mock_config("http://127.0.0.1:9") + CONFIG
    with LiveGateway(tmp_path, config, workers=2) as live:
        made = live.run("webhook", "create", receiver.url, "-n", "live", "-e", "token.*", "--private", "--json").stdout
        hook = json.loads(made)
        ids = [live.token()["id"] for _ in range(8)]
        live.run("token", "rotate-all", "--into", "file:{id}", "--yes")

        def rotated() -> list[str]:
            told = [json.loads(body) for _, body in receiver.got]
            return [one["data"]["id"] for one in told if one["type"] == "token.rotated_automatically"]

        await until(lambda: sorted(rotated()) == sorted(ids), "every secret", within_s=180.0)
        await until(lambda: len(receiver.got) == 3 * len(ids) + 1, "every message", within_s=60.0)

        for headers, body in receiver.got:
            Webhook(hook["secret"]).verify(body, headers)
        sent = [headers["webhook-id"] for headers, _ in receiver.got]
        assert len(sent) == len(set(sent)) + 1
        assert sent.count(sent[0]) == 2
        kinds = [json.loads(body)["type"] for _, body in receiver.got[1:]]
        assert sorted(set(kinds)) == ["token.issue", "token.rotate", "token.rotated_automatically"]
        secrets = {(tmp_path / "secrets" / id).read_text().strip() for id in ids}
        assert len(secrets) == len(ids)
        output = "".join(live.output)
        assert not [secret for secret in (*secrets, hook["secret"]) if secret in output]
