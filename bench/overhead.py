"""What the whole chain costs above a bare proxy: CPU microseconds a request and a chunk, taken in turn in one run."""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.load import PATHS
from bench.measure import cpu_seconds, show, spread
from bench.upstream import CHUNKS

_ENV = {**os.environ, "PYTHONUNBUFFERED": "1"}


def _upstream(stack: ExitStack) -> int:
    process = subprocess.Popen([sys.executable, "-m", "bench.upstream"], stdout=subprocess.PIPE, text=True, env=_ENV)
    stack.callback(_end, process)
    assert process.stdout is not None
    return int(process.stdout.readline())


def _end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _bare(stack: ExitStack, upstream: int) -> tuple[int, int]:
    command = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", "0", "--no-access-log", "--lifespan", "on"]
    env = {**_ENV, "BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}/v1/chat/completions"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    stack.callback(_end, process)
    return process.pid, _port(process)


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found:
            return int(found[1])
    raise SystemExit("the server did not start")


def _whole(stack: ExitStack, upstream: int, folder: Path) -> tuple[int, int, str]:
    config = folder / "tollbridge.toml"
    config.write_text(
        f"""
[server]
port = 0
[providers.mock]
base_url = "http://127.0.0.1:{upstream}/v1"
api_key = "env:BENCH_KEY"
allow_private = true
[models."gpt-4o-mini"]
targets = ["mock/gpt-4o-mini"]
price = {{ input = "0.15", output = "0.60" }}
[limits]
requests_per_minute = 100000000
tokens_per_minute = 100000000000
concurrency = 10000
[budgets]
monthly_usd = "1000000"
token_monthly_usd = "1000000"
[logging]
format = "json"
"""
    )
    env = {**_ENV, "BENCH_KEY": "sk-bench"}
    tollbridge = [sys.executable, "-m", "tollbridge"]
    create = [*tollbridge, "token", "create", "--name", "bench", "--config", str(config), "--json"]
    token = json.loads(subprocess.run(create, check=True, capture_output=True, env=env).stdout)["token"]
    log = (folder / "access.log").open("wb")
    stack.callback(log.close)
    process = subprocess.Popen(
        [*tollbridge, "serve", "--config", str(config)], stdout=log, stderr=subprocess.PIPE, text=True, env=env
    )
    stack.callback(_end, process)
    return process.pid, _port(process), token


def _us(pid: int, port: int, token: str, requests: int, connections: int, *, load: tuple[bool, str]) -> float:
    before = cpu_seconds(pid)
    stream, dialect = load
    load_ = [str(value) for value in (port, token, requests, connections, int(stream), dialect)]
    subprocess.run([sys.executable, "-m", "bench.load", *load_], check=True, env=_ENV)
    return (cpu_seconds(pid) - before) / (requests // connections * connections) * 1e6


def main(arguments: Sequence[str]) -> None:
    """Print microseconds of CPU of the server process for both, and the ratio, round by round."""
    parser = argparse.ArgumentParser(prog="python -m bench overhead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=12_800)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--dialect", choices=PATHS, default="openai-chat", help="what callers of the chain speak")
    options = parser.parse_args(arguments)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        upstream = _upstream(stack)
        bare_pid, bare_port = _bare(stack, upstream)
        whole_pid, whole_port, token = _whole(stack, upstream, Path(folder))
        for name, stream, count, unit in (
            ("request", False, options.requests, 1),
            ("chunk", True, options.streams, CHUNKS),
        ):
            bare, whole, ratios = [], [], []
            for turn in range(options.rounds + 1):
                plain, spoken = (stream, "openai-chat"), (stream, options.dialect)
                b = _us(bare_pid, bare_port, token, count, options.connections, load=plain) / unit
                w = _us(whole_pid, whole_port, token, count, options.connections, load=spoken) / unit
                if turn:
                    bare.append(b)
                    whole.append(w)
                    ratios.append(w / b)
            show(f"{name}, bare ASGI and pyreqwest", statistics.median(bare), "us cpu")
            show(f"{name}, whole chain", statistics.median(whole), "us cpu")
            print(f"{name}, ratio {spread(ratios)}", flush=True)
