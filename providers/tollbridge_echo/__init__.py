"""The provider `echo`: answers what it is told to, the same every time, without a key, a network or a model.

For tests, demos and the CI of those who use a gateway; docs/echo.md is its manual. `[providers.echo]` in the
configuration switches it on. Each process that serves runs one of its own on a loopback port: it holds no state, so
there is nothing to share.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tollbridge import Bearer, Model, Models, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge import Config, Gateway
    from tollbridge_echo.server import EchoServer

NAME = "echo"
_FREE = {"input": "0", "output": "0"}
_running: "WeakKeyDictionary[Gateway, EchoServer]" = WeakKeyDictionary()
"""What runs for which gateway: hooks are functions, so this is where they meet."""


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            NAME,
            base_urls=_base_urls("http://127.0.0.1:0"),  # where it listens is known once it runs
            auth=Bearer(),
            models=Models({name: Model(name, price=_FREE) for name in ("say", "embed")}),
            display_name="Echo, a scripted provider on this machine",
            allow_private=True,
        )
    )


@hookimpl
async def startup(gateway: "Gateway") -> None:
    if not wanted(gateway.config):
        return
    left = _running.pop(gateway, None)
    if left is not None:  # the host changed its event loop under the gateway
        left.abandon()

    from tollbridge_echo.server import EchoServer  # with all it takes to serve

    server = _running[gateway] = EchoServer()
    url = await server.start()
    gateway.routes.move(NAME, _base_urls(url), key=server.key)


@hookimpl
async def shutdown(gateway: "Gateway") -> None:
    server = _running.pop(gateway, None)
    if server is not None:
        await server.stop()


def wanted(config: "Config") -> bool:
    """Whether a configuration asks for this provider, and does not put a server of its own in its place."""
    section = config.providers.get(NAME)
    return section is not None and not section.base_url and not section.base_urls


def _base_urls(url: str) -> dict[str, str]:
    return {"openai-chat": f"{url}/v1"}
