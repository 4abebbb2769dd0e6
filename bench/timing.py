"""Whether the time of a refusal tells one kind of bad token from another: look-ups in turn, as distributions."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import show
from tollbridge.clock import SystemClock
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.secret import make_secret
from tollbridge.tokens.service import TokenService


def distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Give the two-sample Kolmogorov-Smirnov statistic: the largest gap between two cumulative distributions."""
    left, right = sorted(a), sorted(b)
    gap, i, j = 0.0, 0, 0
    while i < len(left) and j < len(right):
        value = min(left[i], right[j])
        while i < len(left) and left[i] <= value:
            i += 1
        while j < len(right) and right[j] <= value:
            j += 1
        gap = max(gap, abs(i / len(left) - j / len(right)))
    return gap


async def _measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    store = SqliteStore(folder / "timing.db", SystemClock())
    await store.open()
    service = TokenService(store, store, OnePepper(b"p" * 32), SystemClock(), audit_key=sample_key)
    for number in range(200):
        await service.issue(name=f"other-{number}")
    revoked = await service.issue(name="revoked")
    await service.revoke(revoked.token.id)
    secrets = {"unknown": make_secret(), "unknown again": make_secret(), "revoked": revoked.secret}
    taken: dict[str, list[float]] = {name: [] for name in secrets}
    for turn in range(rounds + 500):
        for name, secret in secrets.items():
            begin = time.perf_counter_ns()
            await service.identify(secret.encode())
            if turn >= 500:
                taken[name].append(time.perf_counter_ns() - begin)
    await store.close()
    return taken


def main(arguments: Sequence[str]) -> None:
    """Print the median of each kind and the distances; two unknown tokens against each other are the noise."""
    parser = argparse.ArgumentParser(prog="python -m bench timing")
    parser.add_argument("--rounds", type=int, default=20_000)
    rounds = parser.parse_args(arguments).rounds
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(_measure(Path(folder), rounds))
    for name, values in taken.items():
        show(f"look-up, {name}", statistics.median(values) / 1e3, "us")
    noise = distance(taken["unknown"], taken["unknown again"])
    show("distance, unknown and unknown again (noise)", noise, "")
    show("distance, unknown and revoked", distance(taken["unknown"], taken["revoked"]), "")
