"""The admin API at `api/v1` under the prefix: tokens and the audit log, guarded by scopes of the same tokens.

This module only has the hooks; everything else loads when the gateway builds the app, or when a command runs.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tollbridge import hookimpl

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp

    from tollbridge import Gateway, RegisterApp
    from tollbridge.cli.asking import Asking
    from tollbridge.cli.places import Where

PATH = "/api/v1"
"""Where it is under the prefix."""


@hookimpl
def register_apps(register: "RegisterApp") -> None:
    """Offer the API."""
    register(PATH, _make)
    register("/api/leaked", _make_for_scanners)
    register("/api/explain", _make_to_explain)


@hookimpl
def register_events(register: Callable[[str], None]) -> None:
    """Offer what reading the audit log is recorded as, and trying a provider."""
    register("audit.read")
    register("provider.try")


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the commands that are written against the API, one line each."""
    from tollbridge_admin.commands.api import api
    from tollbridge_admin.commands.applications import app as applications
    from tollbridge_admin.commands.attention import attention
    from tollbridge_admin.commands.catalogue import app as catalogue
    from tollbridge_admin.commands.clients import app as clients
    from tollbridge_admin.commands.explain import explain
    from tollbridge_admin.commands.imports import bring
    from tollbridge_admin.commands.jobs import app as jobs
    from tollbridge_admin.commands.leaked import leaked
    from tollbridge_admin.commands.me import me
    from tollbridge_admin.commands.people import app as people
    from tollbridge_admin.commands.plans import app as plans
    from tollbridge_admin.commands.policies import policies
    from tollbridge_admin.commands.providerkeys import app as provider_keys
    from tollbridge_admin.commands.roles import app as roles
    from tollbridge_admin.commands.rotations import app as rotations
    from tollbridge_admin.commands.rotations import rotate_all
    from tollbridge_admin.commands.services import app as services
    from tollbridge_admin.commands.signingkeys import app as signing_keys
    from tollbridge_admin.commands.subscriptions import app as subscriptions
    from tollbridge_admin.commands.teams import app as teams
    from tollbridge_admin.commands.webhooks import app as webhooks

    register("api", api)
    register("application", applications)
    register("attention", attention)
    register("catalogue", catalogue)
    register("client", clients)
    register("explain", explain)
    register("job", jobs)
    register("me", me)
    register("person", people)
    register("plan", plans)
    register("policies", policies)
    register("provider-key", provider_keys)
    register("role", roles)
    register("service", services)
    register("subscription", subscriptions)
    register("team", teams)
    register("token import", bring)
    register("token key", signing_keys)
    register("token leaked", leaked)
    register("token auto-rotate", rotations)
    register("token rotate-all", rotate_all)
    register("webhook", webhooks)


def way_to(where: "Where") -> "AbstractContextManager[Asking]":
    """Give the way to the API that a command's options name, for commands of other packages."""
    from tollbridge_admin.commands.reaching import Reaching

    return Reaching.of(where)


def _make_to_explain(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_admin.app import make_explaining_app

    return make_explaining_app(gateway)


def _make_for_scanners(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_admin.leaked import make_scanners_app

    return make_scanners_app(gateway)


def _make(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_admin.app import make_app

    return make_app(gateway)
