"""What `docs/service-accounts.md` says, done for real against a gateway that serves."""

import io
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run
from tollbridge.config import parse_config
from tollbridge.configured import sources_of
from tollbridge.registry import Registry
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge_signed.aksk import AkSk
from tollbridge_signed.basic import Basic
from tollbridge_signed.signed import Signed

PAGE = (Path(__file__).parents[3] / "docs" / "service-accounts.md").read_text("utf-8")
SCOPES = ("--scope", "ai:*", "--scope", "model:*")


def blocks(language: str, holding: str = "") -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [block for block in found if holding in block]


class FixedPort(LiveGateway):
    """A gateway on a port that is known before it starts, as its public URL has to be."""

    port_of_its_own = 0

    def command(self) -> list[str]:
        return [word if word != "0" else str(self.port_of_its_own) for word in super().command()]


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream.in_thread() as started:
        yield started


@pytest.fixture(scope="module")
def live(
    tmp_path_factory: pytest.TempPathFactory, upstream: ScriptedUpstream, free_tcp_port_factory: Callable[[], int]
) -> Iterator[LiveGateway]:
    """Give a gateway of two workers that takes all three."""
    port = free_tcp_port_factory()
    more = f"""
[server]
public_url = "http://127.0.0.1:{port}"
[identity.signed]
[identity.aksk]
[identity.basic]
"""
    gateway = FixedPort(tmp_path_factory.mktemp("live"), mock_config(upstream.url, more), workers=2)
    gateway.port_of_its_own = port
    with gateway as started:
        yield started


def made(live: LiveGateway, *words: str) -> Any:
    """Run a command of the program, without a process of its own; gives what `--json` prints."""
    command = [*words, "--json", "--config", str(live.config)]
    with redirect_stdout(io.StringIO()) as said, ThreadPoolExecutor(1) as thread:  # here a loop may be running
        assert thread.submit(run, command).result() == 0
    return json.loads(said.getvalue())


def client(live: LiveGateway) -> Any:
    return made(live, "client", "create", "--name", "shop", *SCOPES)


def shell(script: str, folder: Path, **variables: str) -> Any:
    """Run a block of the page in a shell; gives what curl printed."""
    command = ["bash", "-eu", "-o", "pipefail", "-c", script]
    ran = subprocess.run(
        command, cwd=folder, env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def signing(live: LiveGateway, key: Any) -> httpx2.Client:
    """Make the client of the page."""
    names: dict[str, Any] = {}
    (block,) = blocks("python")
    exec(compile(block, "<document>", "exec"), names)
    found: httpx2.Client = names["signing_client"](live.url, key["id"], key["secret"].encode())
    found.timeout = 60
    return found


def test_python_of_the_page_signs_and_the_gateway_takes_it(live: LiveGateway, upstream: ScriptedUpstream) -> None:
    id = client(live)["id"]
    with signing(live, made(live, "client", "key", "add", id)) as service:
        replies = [service.post("/v1/chat/completions", json=BODY), service.get("/v1/models?limit=1")]
        live.run("client", "disable", id)
        replies.append(service.get("/v1/models"))

    assert [reply.status_code for reply in replies] == [200, 200, 401]
    assert not {name for name, _ in upstream.requests[-1].headers} & {b"signature", b"signature-input"}


def test_signed_request_crosses_once_however_often_and_at_which_worker(live: LiveGateway) -> None:
    with signing(live, made(live, "client", "key", "add", client(live)["id"])) as service:
        request = service.build_request("POST", "/v1/chat/completions", json=BODY)
        service.event_hooks["request"][0](request)

    def send(number: int) -> int:
        return httpx2.post(str(request.url), headers=request.headers, content=request.content, timeout=60).status_code

    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(send, range(24)))

    assert sorted(statuses) == [200] + [401] * 23


def test_shell_of_the_page_signs_and_the_gateway_takes_it(live: LiveGateway) -> None:
    key = made(live, "client", "key", "add", client(live)["id"], "--out", str(live.folder / "private.pem"))
    (block,) = blocks("sh", "Signature-Input")

    answer = shell(block, live.folder, BASE=live.url, KEY_ID=key["id"])
    refused = shell(block.replace('-d "$BODY"', '-d "{}"'), live.folder, BASE=live.url, KEY_ID=key["id"])

    assert answer["object"] == "chat.completion"
    assert refused["error"]["code"] == "invalid_api_key"


def test_access_key_of_the_page_signs_and_basic_opens(live: LiveGateway) -> None:
    shop = client(live)
    pair = made(live, "client", "key", "add", shop["id"], "--kind", "aksk")
    (block,) = blocks("sh", "ACCESS_KEY")

    answer = shell(block, live.folder, BASE=live.url, ACCESS_KEY=pair["id"], SECRET_KEY=pair["secret"])
    basic = httpx2.get(f"{live.url}/v1/models", auth=(shop["id"], shop["secret"]))

    assert answer["object"] == "chat.completion"
    assert basic.status_code == 200


@pytest.mark.parametrize("block", blocks("toml"))
def test_every_section_on_the_page_can_be_used(block: str) -> None:
    offered = Registry(identity_sources={"signed": Signed, "aksk": AkSk, "basic": Basic})

    assert len(sources_of(parse_config(tomllib.loads(block)), offered)) == 1


def test_every_option_is_on_the_page() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))

    assert [{option.name for option in fields(source) if option.init} for source in (Signed, AkSk, Basic)] == [
        documented,
        documented,
        set(),
    ]
