"""A process that takes part in a shared model: prints each place it is given, then stays until it is ended."""

import asyncio
import json
import sys
from pathlib import Path

from tollbridge_local import Place
from tollbridge_local.sharing import SharedModel


def moved(place: Place) -> None:
    print(json.dumps({"url": place.url, "key": place.key, "pid": place.pid}), flush=True)


async def main() -> None:
    shared = SharedModel(Path(sys.argv[1]), moved=moved)
    await shared.start()
    try:
        await asyncio.Event().wait()
    finally:
        await shared.stop()


if __name__ == "__main__":
    asyncio.run(main())
