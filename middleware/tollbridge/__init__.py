"""A toll bridge for AI traffic: tokens, scopes, limits, cost and format translation as an ASGI middleware chain.

Names load when they are first used, so `import tollbridge` costs little.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tollbridge.accesstokens import AccessToken, KeptToken
    from tollbridge.audit import Actor
    from tollbridge.auth import Auth, Bearer, Header, NoAuth, Signer
    from tollbridge.call import Call, Outcome, ResponseHead
    from tollbridge.clock import Clock, SystemClock
    from tollbridge.config import Config, load_config
    from tollbridge.data import DataFolder
    from tollbridge.errors import (
        BadRequest,
        BudgetExceeded,
        ConfigError,
        Denied,
        GatewayError,
        NotFound,
        PluginError,
        RateLimited,
        SetupError,
        TollbridgeError,
        Unauthenticated,
        Unavailable,
        UpstreamError,
    )
    from tollbridge.gateway import Gateway
    from tollbridge.hookspecs import hookimpl
    from tollbridge.identity import Holder, IdentitySource
    from tollbridge.jobs.job import Job
    from tollbridge.layers.authenticate import Authenticate
    from tollbridge.layers.authorize import Authorize
    from tollbridge.layers.layer import Layer
    from tollbridge.layers.limit import Limit
    from tollbridge.layers.meter import Meter
    from tollbridge.layers.translate import Translate
    from tollbridge.metering.estimate import input_bound
    from tollbridge.metering.usage import Usage
    from tollbridge.models import Model, Models
    from tollbridge.pagemodel import Column, MenuEntry, Need, Page, Screen
    from tollbridge.panels import Panel
    from tollbridge.providerkeys.rotating import Errand, KeyRotator, MadeKey
    from tollbridge.providers import Provider, Quirks, Target
    from tollbridge.registry import RegisterApp
    from tollbridge.rotation.sinks import NewSecret, SecretSink
    from tollbridge.sealing.sources import KeySource
    from tollbridge.tokens.model import Principal, Token, TokenBudget, TokenLimits, TokenState
    from tollbridge.tokens.scopes import EVERY_MODEL, ScopeSet, parse_scope
    from tollbridge.transport.base import UpstreamRequest
    from tollbridge.webhooks.attempts import Attempt
    from tollbridge.webhooks.mailing import Mailer, MailHost
    from tollbridge.wrapping import Tollbridge

__version__ = "0.1.0"

__all__ = [
    "EVERY_MODEL",
    "AccessToken",
    "Actor",
    "Attempt",
    "Auth",
    "Authenticate",
    "Authorize",
    "BadRequest",
    "Bearer",
    "BudgetExceeded",
    "Call",
    "Clock",
    "Column",
    "Config",
    "ConfigError",
    "DataFolder",
    "Denied",
    "Errand",
    "Gateway",
    "GatewayError",
    "Header",
    "Holder",
    "IdentitySource",
    "Job",
    "KeptToken",
    "KeyRotator",
    "KeySource",
    "Layer",
    "Limit",
    "MadeKey",
    "MailHost",
    "Mailer",
    "MenuEntry",
    "Meter",
    "Model",
    "Models",
    "Need",
    "NewSecret",
    "NoAuth",
    "NotFound",
    "Outcome",
    "Page",
    "Panel",
    "PluginError",
    "Principal",
    "Provider",
    "Quirks",
    "RateLimited",
    "RegisterApp",
    "ResponseHead",
    "ScopeSet",
    "Screen",
    "SecretSink",
    "SetupError",
    "Signer",
    "SystemClock",
    "Target",
    "Token",
    "TokenBudget",
    "TokenLimits",
    "TokenState",
    "Tollbridge",
    "TollbridgeError",
    "Translate",
    "Unauthenticated",
    "Unavailable",
    "UpstreamError",
    "UpstreamRequest",
    "Usage",
    "hookimpl",
    "input_bound",
    "load_config",
    "parse_scope",
]

_HOMES = {
    "accesstokens": ("AccessToken", "KeptToken"),
    "audit": ("Actor",),
    "auth": ("Auth", "Bearer", "Header", "NoAuth", "Signer"),
    "call": ("Call", "Outcome", "ResponseHead"),
    "clock": ("Clock", "SystemClock"),
    "config": ("Config", "load_config"),
    "data": ("DataFolder",),
    "errors": (
        "BadRequest",
        "BudgetExceeded",
        "ConfigError",
        "Denied",
        "GatewayError",
        "NotFound",
        "PluginError",
        "RateLimited",
        "SetupError",
        "TollbridgeError",
        "Unauthenticated",
        "Unavailable",
        "UpstreamError",
    ),
    "gateway": ("Gateway",),
    "hookspecs": ("hookimpl",),
    "identity": ("Holder", "IdentitySource"),
    "providerkeys.rotating": ("Errand", "KeyRotator", "MadeKey"),
    "jobs.job": ("Job",),
    "rotation.sinks": ("NewSecret", "SecretSink"),
    "sealing.sources": ("KeySource",),
    "layers.authenticate": ("Authenticate",),
    "layers.authorize": ("Authorize",),
    "layers.layer": ("Layer",),
    "layers.limit": ("Limit",),
    "layers.meter": ("Meter",),
    "layers.translate": ("Translate",),
    "metering.estimate": ("input_bound",),
    "metering.usage": ("Usage",),
    "pagemodel": ("Column", "MenuEntry", "Need", "Page", "Screen"),
    "panels": ("Panel",),
    "models": ("Model", "Models"),
    "providers": ("Provider", "Quirks", "Target"),
    "registry": ("RegisterApp",),
    "tokens.scopes": ("EVERY_MODEL", "ScopeSet", "parse_scope"),
    "tokens.model": ("Principal", "Token", "TokenBudget", "TokenLimits", "TokenState"),
    "transport.base": ("UpstreamRequest",),
    "webhooks.attempts": ("Attempt",),
    "webhooks.mailing": ("MailHost", "Mailer"),
    "wrapping": ("Tollbridge",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'tollbridge' has no attribute {name!r}")
    value: object = getattr(import_module(f"tollbridge.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
