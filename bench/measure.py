"""CPU time of a process, as the operating system accounts for it, and the printing of figures."""

import os
import resource
import statistics
from collections.abc import Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Give user and system seconds of a running process and its threads (Linux, `/proc`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def own_cpu_seconds() -> float:
    """Give user and system seconds of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def show(name: str, value: float, unit: str) -> None:
    """Print one figure."""
    print(f"{name:48s} {value:10.2f} {unit}", flush=True)


def spread(values: Sequence[float]) -> str:
    """Give median and range as text."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
