"""What plugins offered, by name.  Filled once at start; a name offered twice is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tollbridge.errors import PluginError

if TYPE_CHECKING:
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
    from tollbridge.rotation.sinks import SecretSink
    from tollbridge.sealing.sources import KeySource
    from tollbridge.services.kinds import ServiceKind
    from tollbridge.webhooks.mailing import Mailer, MailHost

T = TypeVar("T")


class RegisterApp(Protocol):
    """Registers an app at a path.

    `factory` is called with the gateway and gives an app behind `gateway.guard(...)`. One that knows its callers
    otherwise says in `own_guard` how; one that does neither stops the start.
    """

    def __call__(self, path: str, factory: "Callable[[Gateway], ASGIApp]", *, own_guard: str = "") -> None:
        """Register one; raises `PluginError` where the path is taken."""
        ...


@dataclass(frozen=True, slots=True)
class Mounted:
    """What was registered at a path."""

    factory: "Callable[[Gateway], ASGIApp]"
    own_guard: str = ""


@dataclass(slots=True)
class Registry:
    """Everything registered with one gateway, in order of registration."""

    dialects: "dict[str, Dialect]" = field(default_factory=dict)
    providers: "dict[str, Provider]" = field(default_factory=dict)
    auth_schemes: "dict[str, type[Auth]]" = field(default_factory=dict)
    policies: dict[str, type] = field(default_factory=dict)
    layers: "dict[str, type[Layer]]" = field(default_factory=dict)
    stores: dict[str, Callable[..., Any]] = field(default_factory=dict)
    limiters: dict[str, Callable[..., Any]] = field(default_factory=dict)
    price_sources: "list[PriceSource]" = field(default_factory=list)
    identity_sources: "dict[str, type[IdentitySource]]" = field(default_factory=dict)
    key_sources: "dict[str, type[KeySource]]" = field(default_factory=dict)
    secret_sinks: "dict[str, type[SecretSink]]" = field(default_factory=dict)
    jobs: "dict[str, Job]" = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    mailers: "dict[str, Callable[[MailHost], Mailer]]" = field(default_factory=dict)
    key_rotators: "dict[str, type[KeyRotator]]" = field(default_factory=dict)
    apps: "dict[str, Mounted]" = field(default_factory=dict)
    paths: "dict[str, Mounted]" = field(default_factory=dict)
    well_known: "dict[str, Callable[[Gateway], ASGIApp | None]]" = field(default_factory=dict)
    service_kinds: "dict[str, ServiceKind]" = field(default_factory=dict)
    observers: list[Callable[[Any], None]] = field(default_factory=list)
    commands: dict[str, Any] = field(default_factory=dict)
    screens: "dict[str, Screen]" = field(default_factory=dict)
    menu: "dict[str, MenuEntry]" = field(default_factory=dict)
    columns: "dict[str, list[Column]]" = field(default_factory=dict)
    panels: "dict[str, Callable[[Gateway], Panel | Awaitable[Panel]]]" = field(default_factory=dict)


def put(table: dict[str, T], kind: str, name: str, value: T) -> None:
    """Add one entry; raises `PluginError` when the name is taken."""
    if not isinstance(name, str) or not name:
        raise PluginError(f"a {kind} needs a name, not {name!r}")
    if name in table:
        raise PluginError(f"the {kind} {name!r} is registered twice; disable one of the plugins with plugins.disabled")
    table[name] = value
