"""A gateway elsewhere, administered over HTTP with a token.

The token goes over TLS, or to this machine, and nowhere else: no redirect is followed. Nothing is tried twice: whoever
asked knows whether it may be.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2
import typer

from tollbridge.cli.asking import JSON, PROBLEM, Asking, Query, Reply, written
from tollbridge.cli.output import PREFIX
from tollbridge.errors import SetupError

API = "/api/v1"
CONNECT_S, ANSWER_S = 10.0, 60.0
TRIAL_S = 3_600.0
"""How long is waited for what asks models, perhaps hundreds of times."""
_TRIALS = ("/prove", "/try")

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_LONGEST_TOKEN = 4096


class Remote(Asking):
    """Asks the API of the gateway at a URL, until the `with` block ends.

    `token` is the secret, `@FILE`, or `-` for standard input. Raises a usage error for a URL or token that cannot be
    used.
    """

    def __init__(self, url: str, token: str) -> None:
        self._base = _base(url)
        self._secret = read_token(token)

    def __enter__(self) -> Self:
        plain = self._base.startswith("http:")
        try:
            self._client = httpx2.Client(
                headers={"authorization": f"Bearer {self._secret}", "accept": f"{JSON}, {PROBLEM}"},
                trust_env=not plain,  # no proxy sees what is not encrypted
            )
        except (ImportError, OSError, ValueError):
            raise SetupError(
                "the proxy or the certificates that the environment names cannot be used; look at HTTPS_PROXY, "
                "ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
            ) from None
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def send(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Send a request and give its answer; raises `SetupError` where there is none."""
        asked = written(query)
        url = f"{self._base}{path}{f'?{asked}' if asked else ''}"
        more: dict[str, Any] = {} if body is None else {"json": body}
        try:
            found = self._client.request(method, url, headers=dict(headers), timeout=patience(path), **more)
        except httpx2.InvalidURL:
            raise typer.BadParameter(f"{path!r} is no path") from None
        except httpx2.HTTPError as exc:
            raise SetupError(f"{self._base} did not answer: {_why(exc)}; look at --url and the network") from None
        if found.has_redirect_location:
            raise SetupError(f"{self._base} sends elsewhere, where no token is taken; give the URL it leads to")
        return Reply(found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.content)


def patience(path: str) -> httpx2.Timeout:
    """Give how long is waited for what is at a path."""
    return httpx2.Timeout(TRIAL_S if path.endswith(_TRIALS) else ANSWER_S, connect=CONNECT_S)


def read_token(said: str) -> str:
    """Give the secret that is meant: `@FILE`, `-` for the first line of standard input, or what is said itself.

    Raises a usage error for none, `SetupError` for a file that cannot be read; neither holds what was read.
    """
    secret = said
    if said == "-":
        secret = sys.stdin.readline(_LONGEST_TOKEN)
    elif said.startswith("@"):
        try:
            secret = Path(said[1:]).read_text("utf-8")[:_LONGEST_TOKEN]
        except (OSError, ValueError):
            raise SetupError(f"the file {said[1:]} of --token cannot be read") from None
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise typer.BadParameter(
            "a gateway elsewhere asks for a token: TOLLBRIDGE_TOKEN, @FILE, or - for standard input",
            param_hint="--token",
        )
    return secret


def _base(url: str) -> str:
    """Give where the API is; raises a usage error for what is no URL, and for one without TLS to another machine."""
    try:
        parts = urlsplit(url)
        known, _ = parts.hostname or "", parts.port
    except ValueError:
        known = ""
    if not known or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise typer.BadParameter(f"{_without_user(url)!r} is no URL such as https://gw.example.com", param_hint="--url")
    if parts.scheme == "http" and known not in _LOOPBACK:
        raise typer.BadParameter(
            f"http://{known} would carry the token for all to read; use https://, or a tunnel to this machine",
            param_hint="--url",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or PREFIX}{API}"


def _without_user(url: str) -> str:
    return url.rpartition("@")[2]


def _why(exc: httpx2.HTTPError) -> str:
    """Say what went wrong with a connection, in one line."""
    return " ".join(str(exc).split()) or type(exc).__name__
