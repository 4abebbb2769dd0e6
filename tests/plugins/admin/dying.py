"""Workers of `test_orphans.py` that do what they are asked and die before they can keep their answer; not a test.

For each line of input a child of this process, which has loaded everything, does so.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tollbridge.testing.clock import FixedClock
from tollbridge.testing.gateway import make_gateway


async def die(*_: object) -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


async def work(told: dict[str, Any]) -> None:
    clock = FixedClock(datetime.fromisoformat(told["at"]))
    under = make_gateway(told["config"], data=Path(told["data"]), clock=clock)
    client = await under.client()
    under.gateway.store.finish_once = die  # type: ignore[method-assign]
    headers = {"authorization": f"Bearer {told['secret']}", "idempotency-key": told["key"]}
    reply = await client.post(told["path"], json=told["body"], headers=headers)
    print(reply.status_code, reply.text, file=sys.stderr)
    os._exit(0)


async def load() -> None:
    """Start a gateway and end it: what it needs stays loaded."""
    with TemporaryDirectory() as folder:
        under = make_gateway(data=Path(folder) / "data", clock=FixedClock())
        await under.token()
        await under.close()


def main() -> None:
    asyncio.run(load())
    for line in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(work(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended with {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main()
