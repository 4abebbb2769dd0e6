"""What the demo runs: the local model, the gateway around the order desk, and the tour."""

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from tollbridge import EVERY_MODEL, Config, Gateway, SetupError, load_config
from tollbridge.serving import bind, configure_logs, serve_one
from tollbridge_demo.pasting import to_paste
from tollbridge_demo.tour import Tour

MODEL = "smollm2-135m-instruct"
ADMIN_SCOPES = (*EVERY_MODEL, "service:*", "admin:*")
_FIRST_START = "demo-token-shown"


def demo_config(port: int, data: Path) -> Config:
    """Give the demo's configuration.  The prices are made up, so that there is a toll to see."""
    config = load_config(
        {
            "server": {"port": port},
            "service": {"name": "orders", "price_per_call": "0.0001"},
            "providers": {"local": {}},
            "models": {
                MODEL: {
                    "targets": [f"local/{MODEL}"],
                    "price": {"input": "0.10", "output": "0.40"},
                    "context": 8192,
                    "max_output": 1024,
                }
            },
            "upstream": {"cost_in_stream": True},
            "logging": {"level": "warning", "access": False},
        }
    )
    return replace(config, data=data)


def run_demo(port: int, *, data: Path, tour_only: bool) -> None:
    """Serve until Ctrl-C; raises `SetupError` in one sentence."""
    try:
        from tollbridge_demo.service import make_service  # FastAPI is in the extra
    except ImportError as exc:
        raise SetupError(
            "the demo's service needs FastAPI; run: pip install 'tollbridge[demo,local]' "
            "(in a checkout: pip install '.[demo,local]')"
        ) from exc
    from tollbridge_local import install  # the engine is in the extra [local]

    install()
    config = demo_config(port, data)
    gateway = Gateway(config, app=make_service())
    listener = bind(config.server.host, port)
    configure_logs(config)
    say("starting the model and the gateway")

    async def ready(base: str) -> None:
        try:
            await first_calls(gateway, base)
        except (httpx2.HTTPError, SetupError) as exc:
            say(f"a first call failed: {exc}")
            tour_failed.append(exc)
        if tour_only:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            say("Ctrl-C stops everything")

    tour_failed: list[Exception] = []
    run: Callable[[str], Coroutine[Any, Any, None]] = ready
    try:
        serve_one(gateway, listener, ready=run)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    if tour_failed:
        raise SetupError("the demo's first calls failed; what went wrong is above")


async def first_calls(gateway: Gateway, base: str) -> None:
    """Make the admin token at the first start, then one call each way with a token that lives as long as the tour."""
    marker = gateway.config.data / _FIRST_START
    if not marker.exists():
        admin = await gateway.tokens.issue(name="admin", scopes=ADMIN_SCOPES, owner="demo")
        say("your admin token, shown this once:")
        print(f"\n    {admin.secret}\n", flush=True)
        marker.touch(mode=0o600)
    guest = await gateway.tokens.issue(name="demo-tour", scopes=(*EVERY_MODEL, "service:orders:*"), owner="demo")
    try:
        await Tour(base, guest.secret, MODEL, say).run()
    finally:
        await gateway.tokens.revoke(guest.token.id)
    say(f"use {MODEL} from any OpenAI or Anthropic SDK, and call the service; in another terminal:")
    print("\n" + "".join(f"    {line}\n" for line in to_paste(base, gateway.config.data)), flush=True)


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"==> {text}", file=sys.stderr, flush=True)
