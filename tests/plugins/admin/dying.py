"""A worker of `test_orphans.py` that does what it is asked and dies before it can keep its answer; not a test."""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tollbridge.testing.clock import FixedClock
from tollbridge.testing.gateway import make_gateway


async def die(*_: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


async def main(told: dict[str, Any]) -> None:
    clock = FixedClock(datetime.fromisoformat(told["at"]))
    under = make_gateway(told["config"], data=Path(told["data"]), clock=clock)
    client = await under.client()
    under.gateway.store.finish_once = die  # type: ignore[method-assign]
    headers = {"authorization": f"Bearer {told['secret']}", "idempotency-key": told["key"]}
    reply = await client.post(told["path"], json=told["body"], headers=headers)
    print(reply.status_code, reply.text)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.read())))
