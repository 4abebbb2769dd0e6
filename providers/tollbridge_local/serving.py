"""The model by itself, until a signal."""

import asyncio
import signal
import sys
from dataclasses import replace

from tollbridge_local.process import Place, Settings
from tollbridge_local.server import LocalModel
from tollbridge_local.weights import MODEL


def serve_alone(*, port: int, context: int, threads: int | None, key: str | None) -> None:
    """Serve until SIGINT or SIGTERM; what is None is the default of `Settings`.  Raises `LocalModelError`."""
    settings = Settings(port=port, context=context)
    if threads is not None:
        settings = replace(settings, threads=threads)
    if key:
        settings = replace(settings, key=key)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)

    def moved(place: Place) -> None:
        print(f"tollbridge local  {MODEL} at {place.url}/v1  key {place.key}", flush=True)

    async with LocalModel(settings, moved=moved, say=_say):
        await stopped.wait()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
