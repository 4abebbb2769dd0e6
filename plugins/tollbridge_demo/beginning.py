"""What `tollbridge starter` does: the gateway of a configuration, opened for administration, begins with something."""

import asyncio
from pathlib import Path

from tollbridge import Gateway, SetupError
from tollbridge_demo.starter import CALLS, Laid, Starter


def begin(config: Path | None, *, model: str, upstream: str) -> None:
    """Make what is not there and print it; raises `SetupError` in one sentence."""
    laid = asyncio.run(_laid(Gateway(config, serves=False), model, upstream))
    if laid is None:
        raise SetupError("this gateway has services of its own; nothing was made")
    for line in (*(f"made: {one}" for one in laid.made), *(f"left as it is: {one}" for one in laid.left)):
        print(line)
    if not laid.made and not laid.left:
        print("everything was there already")
    if laid.application is None:
        return
    print(f"\nA token for its calls:\n\n    tollbridge application add-token {laid.application.id} --name first\n")
    if laid.services:
        print(f"It calls {', and '.join(CALLS[slug] for slug in laid.services)}.")


async def _laid(gateway: Gateway, model: str, upstream: str) -> Laid | None:
    async with gateway.administered():
        return await Starter(gateway, model=model, upstream=upstream).lay()
