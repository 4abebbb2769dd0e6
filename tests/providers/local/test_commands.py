import asyncio
import os
import re
import signal
import sys

import httpx2
import pytest
from tests.support.requires import requires

from tollbridge.cli.app import run

pytestmark = requires("local")


async def serve(*arguments, env=None):
    """Start `tollbridge local serve`; gives the process, and its URL and key once they are printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tollbridge", "local", "serve", "--port", "0", *arguments),
        env={**os.environ, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    found = re.fullmatch(r"tollbridge local  smollm2-135m-instruct at (\S+)/v1  key (\S+)\n", line)
    assert found, line
    return process, found[1], found[2]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_serve_prints_where_it_is_and_ends_cleanly(stop):
    process, url, key = await serve("--threads", "1", "--ctx", "512")
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=60) as client:
        answer = await client.post(f"{url}/v1/completions", json={"prompt": "Once", "max_tokens": 2})
        props = await client.get(f"{url}/props")

    process.send_signal(stop)

    assert await process.wait() == 0
    assert answer.json()["usage"]["completion_tokens"] == 2
    assert props.json()["default_generation_settings"]["n_ctx"] == 512


@pytest.mark.parametrize(("arguments", "env"), [(("--api-key", "mine"), {}), ((), {"TOLLBRIDGE_LOCAL_KEY": "mine"})])
async def test_serve_asks_for_the_key_it_is_given(arguments, env):
    process, _, key = await serve(*arguments, env=env)

    process.send_signal(signal.SIGTERM)
    await process.wait()

    assert key == "mine"


def test_install_says_where_the_weights_are(capsys):
    assert run(["local", "install"]) == 0

    assert re.fullmatch(r"smollm2-135m-instruct is installed: \S+\.gguf\n", capsys.readouterr().out)


def test_a_context_beyond_the_model_is_refused(capsys):
    assert run(["local", "serve", "--ctx", "9000"]) == 2

    assert "Invalid value for '--ctx': Input should be less than or equal to 8192" in capsys.readouterr().err
