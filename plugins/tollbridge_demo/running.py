"""What the demo runs: the local model, the gateway around the order desk, a depot beside it, and the tour."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from tollbridge import EVERY_MODEL, Config, Gateway, GatewayError, SetupError, load_config
from tollbridge.serving import base_url, bind, configure_logs, serve_one
from tollbridge_demo.depot import served
from tollbridge_demo.pasting import to_paste
from tollbridge_demo.starter import Starter
from tollbridge_demo.tour import Tour

MODEL = "smollm2-135m-instruct"
ADMIN_SCOPES = (*EVERY_MODEL, "service:*", "admin:*")
_FIRST_START = "demo-token-shown"
_GUEST = "demo-tour"
_LAST_PORT = 65_535
_LIKELIEST = {"temperature": 0}
"""At others the small model is surer than 1 now and then, which the prompt API's schema does not let across."""


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
            "services": {"allow_private": True},
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
    depot = bind("127.0.0.1", port + 1 if 0 < port < _LAST_PORT else 0)
    configure_logs(config)
    say("starting the model and the gateway")

    async def ready(base: str) -> None:
        async with served(depot):
            try:
                await first_calls(gateway, base, base_url(depot))
            except (httpx2.HTTPError, SetupError, GatewayError) as exc:
                say(f"a first call failed: {exc}")
                tour_failed.append(exc)
            if tour_only:
                os.kill(os.getpid(), signal.SIGINT)
            else:
                say("Ctrl-C stops everything")
            await asyncio.Event().wait()  # until the server ends, and with it what runs beside it

    tour_failed: list[Exception] = []
    run: Callable[[str], Coroutine[Any, Any, None]] = ready
    try:
        serve_one(gateway, listener, ready=run)
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        depot.close()
    if tour_failed:
        raise SetupError("the demo's first calls failed; what went wrong is above")


async def first_calls(gateway: Gateway, base: str, depot: str) -> None:
    """Make what there is not yet, then one call each way with tokens that live as long as the tour.

    The admin token is made at the first start alone, and so is what a gateway begins with.
    """
    marker = gateway.config.data / _FIRST_START
    if not marker.exists():
        admin = await gateway.tokens.issue(name="admin", scopes=ADMIN_SCOPES, owner="demo")
        say("your admin token, shown this once:")
        print(f"\n    {admin.secret}\n", flush=True)
        marker.touch(mode=0o600)
    laid = await Starter(gateway, model=MODEL, upstream=depot, parameters=_LIKELIEST).lay()
    if laid is not None and laid.made:
        say(f"made to begin with: {', '.join(laid.made)}")
    for line in () if laid is None else laid.left:
        say(f"left as it is: {line}")
    tokens = [await gateway.tokens.issue(name=_GUEST, scopes=(*EVERY_MODEL, "service:orders:*"), owner="demo")]
    if laid is not None and laid.application is not None:
        own = await gateway.applications.issue(laid.application.id, name=_GUEST, owner="demo")
        tokens += [] if own is None else [own]
    try:
        secrets = [one.secret for one in tokens]
        services = () if laid is None else laid.services
        await Tour(base, secrets[0], "".join(secrets[1:]), MODEL, say, services=services).run()
    finally:
        for one in tokens:
            await gateway.tokens.revoke(one.token.id)
    say(f"use {MODEL} from any OpenAI or Anthropic SDK, and call the service; in another terminal:")
    print("\n" + "".join(f"    {line}\n" for line in to_paste(base, gateway.config.data)), flush=True)


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"==> {text}", file=sys.stderr, flush=True)
