"""What `check`, `chain`, `models` and `openapi` find out from a gateway that is built but not started."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tollbridge.cli.findings import Finding
from tollbridge.cli.needs import kept_keys, key_findings, proof_findings, source_findings, start_findings
from tollbridge.clock import SystemClock
from tollbridge.errors import GatewayError, SetupError
from tollbridge.gateway import Gateway
from tollbridge.hosts import Host
from tollbridge.openapi import describe
from tollbridge.opening import schema_keeper
from tollbridge.readings import timeouts_of
from tollbridge.runtime import layers_of
from tollbridge.stores.versions import SchemaState, SchemaStatus
from tollbridge.transport import make_transport
from tollbridge.transport.base import UpstreamRequest


async def check_gateway(config: Path | None, *, live: bool) -> list[Finding]:
    """Look at everything a start would need.  Makes nothing; raises `SetupError` for what cannot even be read."""
    gateway = Gateway(config)
    gateway.rings.check()
    loaded = gateway.config
    source = str(loaded.path) if loaded.path is not None else "no file, defaults"
    findings = [Finding("configuration", source)]
    findings.append(Finding("plugins", ", ".join(info.name for info in gateway.plugins.listed if info.enabled)))
    for host in gateway.routes.hosts.values():
        findings.append(_provider(host))
    findings += [*await key_findings(gateway), *source_findings(gateway), *start_findings(gateway)]
    findings += _prices(gateway)
    database = await asyncio.to_thread(_database, gateway)
    findings += [database, *(await proof_findings(gateway) if database.level != "error" else ())]
    if live:
        findings += [await _ask(gateway, host) for host in gateway.routes.hosts.values()]
    return findings


def _provider(host: Host) -> Finding:
    what, refused = f"provider {host.provider.name}", host.refused_url()
    if refused:
        remedy = f"set providers.{host.provider.name}.allow_private = true"
        return Finding(what, f"{refused} leads to this machine or a private network; {remedy}", "warning")
    return Finding(what, ", ".join(sorted(host.base_urls)))


def _prices(gateway: Gateway) -> list[Finding]:
    now, prices = gateway.clock.now(), gateway.prices
    findings = []
    for name in gateway.config.models:
        for target in gateway.routes.resolve(name):
            price = prices.find(target.provider.price_id, target.model, now, alias=name)
            what = f"model {name}"
            where = f"{target.provider.name}/{target.model}"
            if price is None:
                findings.append(Finding(what, f'{where} has no known price; set models."{name}".price', "warning"))
            else:
                findings.append(Finding(what, f"{where}, priced by {price.id}"))
    return findings


def _database(gateway: Gateway) -> Finding:
    url = gateway.config.store_url
    keeper = schema_keeper(url, gateway.registry.stores)
    if keeper is None:
        return Finding("database", url.partition("@")[2] or url)
    try:
        found = keeper.status(url)
    except SetupError as exc:
        return Finding("database", str(exc), "error")
    return Finding("database", say_status(found), "error" if found.state is SchemaState.NEWER else "ok")


def say_status(found: SchemaStatus) -> str:
    """Say in words how a database stands to this program."""
    words = {
        SchemaState.EMPTY: f"new; made at the first start, schema {found.newest}",
        SchemaState.CURRENT: f"schema {found.current}, up to date",
        SchemaState.OLDER: f"schema {found.current}, brought to {found.newest} at the next start",
        SchemaState.NEWER: f"schema {found.current} is newer than this program, which knows {found.newest}; "
        "use the newer Tollbridge",
    }
    return words[found.state]


async def _ask(gateway: Gateway, host: Host) -> Finding:
    """Ask a provider for its list of models, with its key."""
    what = f"live {host.provider.name}"
    base = next(iter(host.base_urls.values()))
    if urlsplit(base).port == 0:
        return Finding(what, "starts and ends with the gateway")
    transport = make_transport(gateway.config.upstream.transport, timeouts_of(gateway.config))
    headers = [(b"accept", b"application/json"), *host.headers]
    request = UpstreamRequest("GET", f"{base}/models", headers, b"", host.allow_private)
    try:
        if host.signing is not None:
            request = await host.signing.signed(request)
        response = await transport.send(request)
        await response.close()
    except GatewayError as exc:
        return Finding(what, exc.message if exc.detail is None else f"{exc.message}: {exc.detail}", "error")
    finally:
        await transport.close()
    if response.status in (401, 403):
        return Finding(what, f"answered {response.status}: the key is refused", "error")
    if response.status >= 500:
        return Finding(what, f"answered {response.status}", "error")
    return Finding(what, f"answered {response.status}")


def chain_rows(config: Path | None) -> list[list[str]]:
    """Give the chain outside in: layer, what it does, what it needs, who provided it."""
    gateway = Gateway(config)
    rows = [
        [layer.name, _first_line(layer), " ".join(layer.needs) or "-", origin]
        for layer, origin in layers_of(gateway.registry, gateway.policies, vouch=gateway.config.service.vouch)
    ]
    rows.append(["dispatch", "Sends a call to its targets, or to the wrapped app", "translate", "tollbridge"])
    return rows


def _first_line(layer: type) -> str:
    return (layer.__doc__ or "").strip().splitlines()[0].partition(".  ")[0].rstrip(".")


def model_rows(config: Path | None) -> list[dict[str, Any]]:
    """Give every named model with its targets and price, which is a `Price` or None."""
    gateway = Gateway(config)
    now, prices = SystemClock().now(), gateway.prices
    rows = []
    for entry in gateway.models():
        targets = gateway.routes.resolve(entry.id)
        price = prices.find(targets[0].provider.price_id, targets[0].model, now, alias=entry.id)
        rows.append(
            {
                "model": entry.id,
                "targets": [f"{target.provider.name}/{target.model}" for target in targets],
                "price": price,
                "context": entry.context,
            }
        )
    return rows


async def provider_rows(config: Path | None) -> list[dict[str, str]]:
    """Give every known provider, the variable of its key, and whether it can be called, as far as can be known.

    A key that is in the database is not opened.
    """
    gateway = Gateway(config)
    kept = await kept_keys(gateway)
    without = "no key" if kept is not None else "no key, but perhaps in the database, which cannot be read"
    names = {**gateway.registry.providers, **gateway.config.providers}
    rows = []
    for name in sorted(names):
        provider = gateway.registry.providers.get(name)
        key = " or ".join(provider.auth.env) if provider is not None else ""
        stored = "key in the database" if name in (kept or ()) else without
        state = "ready" if name in gateway.routes.hosts else stored
        rows.append({"provider": name, "key": key or "-", "state": state})
    return rows


def openapi_document(config: Path | None) -> dict[str, Any]:
    """Give the OpenAPI document of what the gateway serves."""
    gateway = Gateway(config)
    return describe(gateway.registry.dialects.values() if gateway.config.server.ai_routes else (), gateway.config)
