"""What HTTP itself costs: CPU microseconds a request of an app that does nothing, under uvicorn's protocol and ours."""

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import uvicorn

from bench.measure import cpu_seconds, spread
from tollbridge.server.http1 import Http1

_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", b"11"),
    *((b"x-header-%d" % number, b"value-%d" % number * 3) for number in range(13)),
]
_ENV = {**os.environ, "PYTHONUNBUFFERED": "1"}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with 15 headers."""
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    await send({"type": "http.response.body", "body": b'{"ok":true}'})


def _serve(name: str) -> None:
    http: Any = Http1() if name == "ours" else name
    uvicorn.run(app, port=0, http=http, lifespan="off", access_log=False, proxy_headers=False, server_header=False)


def _start(stack: ExitStack, name: str) -> tuple[int, int]:
    command = [sys.executable, "-m", "bench.server", name]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_ENV)
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGTERM)
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found:
            return process.pid, int(found[1])
    raise SystemExit("the server did not start")


def _us(pid: int, port: int, requests: int, connections: int) -> float:
    before = cpu_seconds(pid)
    load = [str(value) for value in (port, "x" * 40, requests, connections, 0, "openai-chat")]
    subprocess.run([sys.executable, "-m", "bench.load", *load], check=True, env=_ENV)
    return (cpu_seconds(pid) - before) / (requests // connections * connections) * 1e6


def main(arguments: Sequence[str]) -> None:
    """Print median and range of each, taken in turn."""
    parser = argparse.ArgumentParser(prog="python -m bench server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=32_000)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args(arguments)
    taken: dict[str, list[float]] = {"httptools": [], "ours": []}
    with ExitStack() as stack:
        servers = {name: _start(stack, name) for name in taken}
        for turn in range(options.rounds + 1):
            for name, (pid, port) in servers.items():
                cost = _us(pid, port, options.requests, options.connections)
                if turn:
                    taken[name].append(cost)
    for name, costs in taken.items():
        print(f"request, {name}: {spread(costs)} us cpu", flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
