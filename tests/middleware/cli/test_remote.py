"""A gateway elsewhere: which URLs and tokens are taken, and what is said where nobody answers as an API does."""

import io
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
from tests.support.certificates import certificates_for

from tollbridge.cli.asking import Refused
from tollbridge.cli.remote import ANSWER_S, CONNECT_S, TRIAL_S, Remote, patience, read_token
from tollbridge.errors import SetupError

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]


class Answering:
    """A server that answers every request alike, and keeps what came; `seen` is paths and headers."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        seen: list[tuple[str, dict[str, str], bytes]] = []

        class Once(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                named = {name.lower(): value for name, value in self.headers.items()}
                seen.append((self.path, named, self.rfile.read(length)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self.seen = seen
        self.server = HTTPServer(("127.0.0.1", 0), Once)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Answering":
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


def asked(url: str, method: str = "GET", path: str = "/me", body: Any = None, **more: Any) -> Any:
    with Remote(url, "tb_secret") as api:
        return api.ask(method, path, body, **more)


@pytest.mark.parametrize(
    ("given", "path"),
    [("", "/_tollbridge/api/v1/me"), ("/", "/_tollbridge/api/v1/me"), ("/ai/gate/", "/ai/gate/api/v1/me")],
)
def test_url_without_a_path_means_the_usual_prefix(given: str, path: str) -> None:
    with Answering(200, b"{}", content_type="application/json") as there:
        assert asked(there.url + given) == {}

    assert there.seen[0][0] == path


def test_token_and_body_are_sent_and_a_query_without_what_is_none() -> None:
    with Answering(201, b'{"id":1}', content_type="application/json; charset=utf-8") as there:
        found = asked(there.url, "POST", "/x", {"a": "ä"}, query={"q": "a&b", "none": None, "on": True, "n": 3})

    ((path, headers, body),) = there.seen
    assert found == {"id": 1}
    assert path == "/_tollbridge/api/v1/x?q=a%26b&on=true&n=3"
    assert headers["authorization"] == "Bearer tb_secret"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {"a": "ä"}


def test_answer_without_a_body_is_none() -> None:
    with Answering(204) as there:
        assert asked(there.url) is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (200, b"<html>", "text/html", "what answered with status 200 is no admin API; look at the URL"),
        (502, b"bad gateway", "text/plain", "what answered with status 502 is no admin API; look at the URL"),
        (304, b"", "text/plain", "what answered with status 304 is no admin API; look at the URL"),
        (200, b"{", "application/json", "the answer with status 200 is no JSON; look at the URL"),
        (503, b"{", "application/problem+json", "the answer with status 503 is no JSON; look at the URL"),
    ],
)
def test_what_is_no_answer_of_an_api_is_said(status: int, body: bytes, kind: str, said: str) -> None:
    with Answering(status, body, content_type=kind) as there, pytest.raises(SetupError) as refusal:
        asked(there.url)

    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ({"detail": "it is \x1b[2Jgone", "code": "denied"}, "it is \ufffd[2Jgone"),
        ({"errors": [{"field": "a", "detail": "x"}, {"field": "", "detail": "y"}], "detail": "z"}, "a: x; y"),
        ({"errors": {"name": ["a proxy's own"]}, "detail": "z"}, "z"),
        ({"errors": ["x", {"detail": "y"}], "detail": "z"}, "y"),
        ({}, "refused with status 403"),
        ([], "refused with status 403"),
    ],
)
def test_problem_is_told_in_its_own_words_without_what_a_terminal_would_obey(problem: Any, said: str) -> None:
    body = json.dumps(problem).encode()
    with Answering(403, body, content_type="application/problem+json") as there, pytest.raises(Refused) as refusal:
        asked(there.url)

    assert (str(refusal.value), refusal.value.exit_code) == (said, 1)


def test_no_redirect_is_followed_and_no_token_leaves() -> None:
    with (
        Answering(200, b"{}", content_type="application/json") as elsewhere,
        Answering(307, location=elsewhere.url + "/x") as there,
        pytest.raises(SetupError, match="sends elsewhere"),
    ):
        asked(there.url)

    assert len(there.seen) == 1
    assert elsewhere.seen == []


def test_nobody_there_is_said_with_the_url_and_without_the_token() -> None:
    with Answering(200) as there:
        pass

    with pytest.raises(SetupError) as refusal:
        asked(there.url)

    assert str(refusal.value).startswith(f"{there.url}/_tollbridge/api/v1 did not answer: ")
    assert "tb_secret" not in str(refusal.value)


def test_certificate_is_verified_and_may_be_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = certificates_for("localhost", tmp_path)
    with Answering(200, b"{}", content_type="application/json") as there:
        there.server.socket = certificates.server.wrap_socket(there.server.socket, server_side=True)
        url = there.url.replace("http://127.0.0.1", "https://localhost")

        with pytest.raises(SetupError, match="certificate"):
            asked(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
        assert asked(url) == {}


def test_no_proxy_sees_a_token_that_is_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Answering(200, b"{}", content_type="application/json") as there, Answering(200) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert asked(there.url) == {}

    assert proxy.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "gw.example.com",
        "ftp://gw.example.com",
        "https://",
        "https://a:x/",
        "https://u:p@gw.example.com",
        "https://:u:p@gw.example.com",
        "https://a/?b=c",
    ],
)
def test_what_is_no_url_is_wrong_usage_and_no_password_in_it_is_shown(url: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no URL such as") as refusal:
        Remote(url, "tb_secret")

    assert "u:p" not in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "gopher://u:p@h"), ("ALL_PROXY", "socks5://u:p@h"), ("SSL_CERT_FILE", "/nowhere/u:p")],
)
def test_environment_that_cannot_be_used_is_said_without_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SetupError, match="that the environment names cannot be used") as refusal:
        asked("https://gw.example.com")

    assert "u:p" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://gw.example.com", "http://10.0.0.1:8800", "http://localhost.example.com"])
def test_token_goes_to_another_machine_over_tls_alone(url: str) -> None:
    with pytest.raises(typer.BadParameter, match="would carry the token for all to read"):
        Remote(url, "tb_secret")


def test_token_comes_from_a_file_from_standard_input_or_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("tb_file\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("tb_stdin\nmore\n"))

    assert [read_token(said) for said in (f"@{tmp_path}/token", "-", "tb_plain")] == ["tb_file", "tb_stdin", "tb_plain"]


@pytest.mark.parametrize("said", ["", " ", "two words", "tb_\x1b", "tb_ä"])
def test_what_is_no_token_is_wrong_usage_and_not_repeated(said: str) -> None:
    with pytest.raises(typer.BadParameter) as refusal:
        read_token(said)

    assert not said.strip() or said not in str(refusal.value)


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)

    with pytest.raises(SetupError, match=r"token of --token cannot be read$"):
        read_token(f"@{tmp_path}/token")


def test_path_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="is no path"), Remote("https://gw.example.com", "tb_x") as api:
        api.ask("GET", "/\x00")


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/services/weather/releases/1/prove", TRIAL_S),
        ("/services/weather/try", TRIAL_S),
        ("/services/weather/releases/1/publish", ANSWER_S),
        ("/tokens", ANSWER_S),
    ],
)
def test_what_asks_models_is_waited_for_longer(path: str, seconds: float) -> None:
    assert patience(path) == httpx2.Timeout(seconds, connect=CONNECT_S)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
