"""What importing and starting costs, as ratios of CPU time taken in turn in one run."""

import argparse
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from bench.measure import cpu_seconds, show, spread

_PAIRS = {
    "import tollbridge / import starlette.applications": ("import tollbridge", "import starlette.applications"),
    "import tollbridge, Gateway / starlette.applications": (
        "from tollbridge import Gateway",
        "import starlette.applications",
    ),
    "tollbridge --help / import typer": (
        "import sys; sys.argv = ['tollbridge', '--help']; from tollbridge.cli import main; main()",
        "import typer",
    ),
}


_PROGRAM = [sys.executable, "-m", "tollbridge"]


def _cpu(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_request(folder: Path, token: str) -> float:
    """Start `tollbridge serve`, list its models through the whole chain, end it; gives CPU seconds up to the answer."""
    command = [*_PROGRAM, "serve", "--port", "0", "--config", str(folder / "tollbridge.toml")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        base = next(found[1] for line in process.stderr if (found := re.search(r"listening +(http://\S+)", line)))
        request = Request(f"{base}/v1/models", headers={"authorization": f"Bearer {token}"})
        with build_opener(ProxyHandler({})).open(request) as answer:
            answer.read()
        return cpu_seconds(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _serve(runs: int) -> None:
    """Compare the first answer of a server whose database is there with the import of Starlette, each pair in turn."""
    theirs = "import starlette.applications"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tollbridge.toml").write_text("")
        create = [*_PROGRAM, "token", "create", "--name", "bench", "--quiet", "-c", str(folder / "tollbridge.toml")]
        token = subprocess.run(create, check=True, capture_output=True, text=True).stdout.strip()
        _first_request(folder, token), _cpu(theirs)
        mine, other, ratios = [], [], []
        for _ in range(runs):
            bare, a, b = _cpu("pass"), _first_request(folder, token), _cpu(theirs)
            mine.append((a - bare) * 1e3)
            other.append((b - bare) * 1e3)
            ratios.append(mine[-1] / other[-1])
    show("first request served after serve starts", statistics.median(mine), "ms cpu")
    show(theirs, statistics.median(other), "ms cpu")
    print(f"{'first request served / starlette.applications':60s} ratio {spread(ratios)}", flush=True)


def main(arguments: Sequence[str]) -> None:
    """Print CPU milliseconds above a bare interpreter, and their ratio, each pair in turn."""
    parser = argparse.ArgumentParser(prog="python -m bench imports")
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args(arguments).runs
    for name, (ours, theirs) in _PAIRS.items():
        _cpu(ours), _cpu(theirs)
        mine, other, ratios = [], [], []
        for _ in range(runs):
            bare, a, b = _cpu("pass"), _cpu(ours), _cpu(theirs)
            mine.append((a - bare) * 1e3)
            other.append((b - bare) * 1e3)
            ratios.append(mine[-1] / other[-1])
        show(f"{name.partition(' / ')[0]}", statistics.median(mine), "ms cpu")
        show(f"{name.partition(' / ')[2]}", statistics.median(other), "ms cpu")
        print(f"{name:60s} ratio {spread(ratios)}", flush=True)
    _serve(runs)
