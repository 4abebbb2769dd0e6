"""Every hook a plugin can implement.  All run at start, in the process that serves, once a gateway.

The life of a gateway:
 1. plugins are found by the entry-point group `tollbridge`, checked and registered
 2. every `register_*` hook is called once with a `register` callback
 3. the configuration is validated against what was registered
 4. the chain is built; from here on no hook is called on behalf of a request
 5. `check` is called, and `startup` is awaited once the store is open
 6. the gateway serves
 7. `shutdown` is awaited after running calls were settled

A hook may raise `PluginError` or `ConfigError`; any other exception becomes a `PluginError` that names the plugin.
Registering a name twice is refused.  No hook may touch the network, but `startup`; key sources are asked for keys in
step 3, where the configuration names a stored secret, or in step 4.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import typer
    from starlette.types import ASGIApp

    from tollbridge.auth import Auth
    from tollbridge.formats.dialect import Dialect
    from tollbridge.gateway import Gateway
    from tollbridge.identity import IdentitySource
    from tollbridge.jobs.job import Job
    from tollbridge.layers.layer import Layer
    from tollbridge.metering.prices import PriceSource
    from tollbridge.pagemodel import Column, MenuEntry, Screen
    from tollbridge.panels import Panel
    from tollbridge.providerkeys.rotating import KeyRotator
    from tollbridge.providers import Provider
    from tollbridge.registry import RegisterApp
    from tollbridge.rotation.sinks import SecretSink
    from tollbridge.sealing.sources import KeySource
    from tollbridge.services.kinds import ServiceKind
    from tollbridge.webhooks.mailing import Mailer, MailHost

hookspec = pluggy.HookspecMarker("tollbridge")
hookimpl = pluggy.HookimplMarker("tollbridge")


@hookspec
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    """Offer wire formats.  `register(dialect)`."""


@hookspec
def register_providers(register: "Callable[[Provider], None]") -> None:
    """Offer hosts that serve models.  `register(provider)`."""


@hookspec
def register_auth_schemes(register: "Callable[[str, type[Auth]], None]") -> None:
    """Offer ways to show a provider its key.  `register(name, cls)`: a frozen dataclass, made for `auth = name`."""


@hookspec
def register_policies(register: "Callable[[str, type], None]") -> None:
    """Offer policies.  `register(name, cls)`: a frozen dataclass, its fields the options of `[policies.<name>]`."""


@hookspec
def register_layers(register: "Callable[[type[Layer]], None]") -> None:
    """Offer links of the chain.  `register(cls)`: its `name`, `after` and `needs` say where it stands."""


@hookspec
def register_stores(register: "Callable[[str, Callable[..., Any]], None]") -> None:
    """Offer stores.  `register(url_scheme, factory)`: called with the URL of `[store]`."""


@hookspec
def register_limiters(register: "Callable[[str, Callable[..., Any]], None]") -> None:
    """Offer limiters.  `register(url_scheme, factory)`: called with `[limits] url`."""


@hookspec
def register_price_sources(register: "Callable[[PriceSource], None]") -> None:
    """Offer prices.  `register(source)`: asked in order of registration, after the configuration's own prices."""


@hookspec
def register_identity_sources(register: "Callable[[str, type[IdentitySource]], None]") -> None:
    """Offer other ways to learn who calls.  `register(name, cls)`: a frozen dataclass, made for `[identity.<name>]`."""


@hookspec
def register_key_sources(register: "Callable[[str, type[KeySource]], None]") -> None:
    """Offer keepers of keys, such as a KMS.  `register(name, cls)`: a frozen dataclass, made for `[secrets.<name>]`."""


@hookspec
def register_secret_sinks(register: "Callable[[str, type[SecretSink]], None]") -> None:
    """Offer places for new secrets.  `register(name, cls)`: a frozen dataclass, made for `[rotation.<name>]`."""


@hookspec
def register_jobs(register: "Callable[[Job], None]") -> None:
    """Offer jobs.  `register(job)`: done again and again while a gateway serves, by one worker of all at a time."""


@hookspec
def register_events(register: "Callable[[str], None]") -> None:
    """Offer events that webhooks may hear of.  `register(event)`: as the plugin's records in the audit log name it."""


@hookspec
def register_mailers(register: "Callable[[str, Callable[[MailHost], Mailer]], None]") -> None:
    """Offer ways to send mail.  `register(url_scheme, factory)`: called with the host of `[mail] url`."""


@hookspec
def register_key_rotators(register: "Callable[[str, type[KeyRotator]], None]") -> None:
    """Offer ways to make a provider's key anew.  `register(name, cls)`: a frozen dataclass, for `rotator = name`."""


@hookspec
def register_apps(register: "RegisterApp") -> None:
    """Offer ASGI applications under the prefix.  `register(path, factory)`: called with the gateway.

    What the factory gives is behind `gateway.guard`, or `register(..., own_guard=)` says how it knows its callers.
    """


@hookspec
def register_paths(register: "RegisterApp") -> None:
    """Offer ASGI applications at paths of their own, outside the prefix, as `register_apps` does those under it.

    `register("/v1/thing", factory)`.
    """


@hookspec
def register_well_known(register: "Callable[[str, Callable[[Gateway], ASGIApp | None]], None]") -> None:
    """Offer documents at `/.well-known/<name>` and below (RFC 8615).  `register(name, factory)`: an app, None for none.

    A longer name goes before the one it begins with: `oauth-protected-resource/v1/mcp`. The path in it is one of the
    gateway, so that the document is there with the path of the public URL before that too.
    """


@hookspec
def register_service_kinds(register: "Callable[[ServiceKind], None]") -> None:
    """Offer kinds of services.  `register(kind)`: what is published under its name is checked and served by it."""


@hookspec
def register_metrics(register: "Callable[[Callable[[Any], None]], None]") -> None:
    """Offer metrics.  `register(observe)`: called with each finished `Call`; must not block nor raise."""


@hookspec
def register_commands(register: "Callable[[str, typer.Typer | Callable[..., Any]], None]") -> None:
    """Offer commands of the `tollbridge` program.  `register(name, app_or_function)`, also into a group: `token x`."""


@hookspec
def register_panels(register: "Callable[[str, Callable[[Gateway], Panel | Awaitable[Panel]]], None]") -> None:
    """Offer panels of the dashboard's Home.  `register(name, render)`: plain or async, called when Home is shown."""


@hookspec
def register_screens(register: "Callable[[Screen], None]") -> None:
    """Offer pages for whoever is signed in.  `register(screen)`: served below the prefix, in the frame of all pages."""


@hookspec
def register_menu(register: "Callable[[str, MenuEntry], None]") -> None:
    """Offer links in the menu that no screen of the plugin's brings along.  `register(name, entry)`."""


@hookspec
def register_columns(register: "Callable[[str, Column], None]") -> None:
    """Offer columns of tables that others show.  `register(table, column)`, such as `tokens`; CSV has them too."""


@hookspec
def check(gateway: "Gateway") -> None:
    """Refuse what the plugin cannot serve with: `ConfigError`.  Nothing is open; `tollbridge check` asks it too."""


@hookspec
def startup(gateway: "Gateway") -> "Awaitable[None] | None":
    """Begin what the plugin needs while serving.  An exception stops the start."""


@hookspec
def shutdown(gateway: "Gateway") -> "Awaitable[None] | None":
    """End it.  Called once, also after a failed start of another plugin."""
