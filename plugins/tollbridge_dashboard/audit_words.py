"""Records of the audit log in words, and the ways to what they are about."""

from collections.abc import Mapping

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge_dashboard.audit_deeds import DEEDS

_PATHS: Mapping[str, str] = {
    "tok_": "/tokens/",
    "app_": "/applications/",
    "per_": "/people/",
    "whk_": "/webhooks/",
    "sub_": "/approvals/subscriptions/",
    "svc_": "/services/",
    "client_": "/clients/",
}
"""Where things are, by how their ids begin."""
_NAMED: Mapping[str, str] = {"team": "/teams/", "role": "/roles/"}
"""Where things are that have names for ids, by what is done to them."""
_VIAS: Mapping[str, str] = {
    "api": N_("over the API"),
    "cli": N_("by a command"),
    "dashboard": N_("on these pages"),
    "job": N_("by the gateway itself"),
}


def target_path(action: str, target: str) -> str:
    """Give the path of the page about what was changed, empty where there is none."""
    found = _by_id(target)
    area = action.partition(".")[0]
    return found or (f"{_NAMED[area]}{target}" if area in _NAMED and target.isascii() and target else "")


def actor_path(id: str) -> str:
    """Give the path of the page about who acted, empty where there is none."""
    return _by_id(id)


def via_of(name: str) -> str:
    """Say by which way it was done; one that is not known here stands as it is."""
    return _(_VIAS[name]) if name in _VIAS else name


def deed_of(action: str) -> str:
    """Say what was done; what a plugin records has no words here, and is written as `area: what was done`."""
    if action in DEEDS:
        return _(DEEDS[action])
    area, _dot, what = action.partition(".")
    return f"{area}: {what.replace('_', ' ')}" if what else area


def _by_id(id: str) -> str:
    return next((f"{path}{id}" for begin, path in _PATHS.items() if id.startswith(begin)), "")
