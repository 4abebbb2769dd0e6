"""What live tests look at: the database, and things that become true."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from tests.support.live import LiveGateway

T = TypeVar("T")
PATIENCE_S = 10.0
PROMPT = "a prompt that nobody may keep"


def eventually(look: Callable[[], T], what: str, *, patience_s: float = PATIENCE_S) -> T:
    """Look again and again until something true is seen; gives it."""
    end = time.monotonic() + patience_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not seen within {patience_s} s: {what}"
        time.sleep(0.01)


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """Read a table of a gateway's database."""
    with closing(sqlite3.connect(folder / ".tollbridge" / "tollbridge.db", timeout=5)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]


def settled(folder: Path, count: int) -> list[dict[str, Any]]:
    """Wait for this many usage rows and no open reservation; gives the rows in the order they were asked for."""
    eventually(lambda: len(rows(folder, "usage")) >= count and not rows(folder, "reservation"), f"{count} rows")
    found = rows(folder, "usage")
    assert len(found) == count
    return sorted(found, key=lambda row: row["at"])


def chat(*, stream: bool = False, **more: object) -> dict[str, object]:
    """Give the body of a small chat completion."""
    body: dict[str, object] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]}
    return {**body, "max_tokens": 100, **({"stream": True} if stream else {}), **more}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def lines(parts: Iterator[bytes]) -> list[bytes]:
    """Give the events of a stream."""
    return [event for event in b"".join(parts).split(b"\n\n") if event]


def held(gateway: LiveGateway) -> list[int]:
    """Count the callers' connections that each worker holds."""
    sockets = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *rest = line.split()
        if int(local.rpartition(":")[2], 16) == gateway.port and state == "01":
            sockets.add(f"socket:[{rest[5]}]")
    return [sum(_target(link) in sockets for link in Path(f"/proc/{pid}/fd").iterdir()) for pid in workers(gateway)]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


def workers(gateway: LiveGateway) -> list[int]:
    """Give the processes that have taken up serving."""
    pid = gateway.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]
