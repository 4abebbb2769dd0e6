"""What `tollbridge starter` does: the gateway of a configuration, opened for administration, begins with something."""

import asyncio
from pathlib import Path

from tollbridge import Gateway, SetupError
from tollbridge_demo.starter import PROMPT, REST, Laid, Starter


def begin(config: Path | None, *, model: str, upstream: str) -> None:
    """Make what is not there and print it; raises `SetupError` in one sentence."""
    laid = asyncio.run(_laid(Gateway(config, serves=False), model, upstream))
    if laid is None:
        raise SetupError("this gateway has services of its own; nothing was made")
    for line in (f"made: {one}" for one in laid.made):
        print(line)
    if not laid.made:
        print("everything was there already")
    print(
        "\nA token for its calls:\n\n"
        f"    tollbridge application add-token {laid.application.id} --name first\n\n"
        f"It calls POST /v1/apis/{PROMPT}, the model api/{PROMPT}, and GET /v1/apis/{REST}/stock."
    )


async def _laid(gateway: Gateway, model: str, upstream: str) -> Laid | None:
    async with gateway.administered():
        return await Starter(gateway, model=model, upstream=upstream).lay()
