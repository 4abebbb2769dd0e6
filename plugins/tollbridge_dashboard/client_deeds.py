"""What is done to clients."""

from typing import Any

from tollbridge.browsing import gettext_noop as N_
from tollbridge_dashboard.deeds import Deed

_ONE = "/clients/{id}"
_OF: dict[str, Any] = {"about": _ONE, "title": lambda one: one["name"], "nav": "/clients", "up": _ONE, "then": _ONE}
DEEDS = (
    Deed(
        path=f"{_ONE}/disable",
        call=f"{_ONE}/disable",
        heading=N_("Disable a client"),
        warning=N_("The client and all that people let it do are refused at once, until it is enabled."),
        button=N_("Disable"),
        said="disabled",
        **_OF,
    ),
    Deed(
        path=f"{_ONE}/enable",
        call=f"{_ONE}/enable",
        heading=N_("Enable a client"),
        warning=N_("What was disabled with the client crosses again at once."),
        button=N_("Enable"),
        said="enabled",
        **_OF,
    ),
    Deed(
        path=f"{_ONE}/revoke",
        call=f"{_ONE}/revoke",
        heading=N_("End a client"),
        warning=N_("The client and all that people let it do end at once and for good."),
        button=N_("End it for good"),
        said="revoked",
        typed=True,
        **_OF,
    ),
)
