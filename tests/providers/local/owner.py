"""A process that owns a model: prints the server's process id, then stays until it is ended."""

import asyncio

from tollbridge_local import LocalModel


async def main() -> None:
    async with LocalModel() as model:
        print(model.place.pid, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
