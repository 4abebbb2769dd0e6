"""Whether the time of a refusal tells one kind of bad token from another: look-ups in turn, as distributions."""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.measure import show
from tollbridge.clock import SystemClock
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.secret import ISSUED, make_secret
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
    pepper = OnePepper(b"p" * 32)
    service = TokenService(store, store, pepper, SystemClock(), audit_key=sample_key)
    for number in range(200):
        await service.issue(name=f"other-{number}")
    revoked, expired = [await service.issue(name=name) for name in ("revoked", "expired")]
    await service.revoke(revoked.token.id)
    secrets = {
        "unknown": make_secret(),
        "unknown again": make_secret(),
        "revoked": revoked.secret,
        "expired": expired.secret,
        **{
            f"access, {kind}": f"{ISSUED.decode()}.{make_secret()}.none"
            for kind in ("unknown", "unknown again", "expired")
        },
    }
    with closing(sqlite3.connect(folder / "timing.db")) as db, db:
        db.execute("UPDATE token SET expires_at = 1 WHERE id = ?", (expired.token.id,))
        made = pepper.digest(secrets["access, expired"].encode())
        of = (made.content, expired.token.id, made.pepper_id)
        db.execute(
            "INSERT INTO secret (digest, token_id, pepper_id, created_at, expires_at, use)"
            " VALUES (?, ?, ?, 0, 1, 'access')",
            of,
        )
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
    for name in ("revoked", "expired"):
        show(f"distance, unknown and {name}", distance(taken["unknown"], taken[name]), "")
    noise = distance(taken["access, unknown"], taken["access, unknown again"])
    show("distance, access tokens, unknown and unknown again (noise)", noise, "")
    show(
        "distance, access tokens, unknown and expired", distance(taken["access, unknown"], taken["access, expired"]), ""
    )
