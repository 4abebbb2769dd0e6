"""What importing and starting costs, as ratios of CPU time taken in turn in one run."""

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence

from bench.measure import show, spread

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


def _cpu(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
