"""States of things as shape, word and colour."""

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Cell, cells

_WORDS = {
    "accepted": (N_("Accepted"), "ok"),
    "active": (N_("Active"), "ok"),
    "approved": (N_("Approved"), "ok"),
    "asked": (N_("Asked for"), "info"),
    "cancelled": (N_("Cancelled"), "off"),
    "delivered": (N_("Delivered"), "ok"),
    "deprecated": (N_("Deprecated"), "warn"),
    "disabled": (N_("Disabled"), "off"),
    "ended": (N_("Ended"), "bad"),
    "expired": (N_("Expired"), "off"),
    "failed": (N_("Failed"), "bad"),
    "given_up": (N_("Given up"), "bad"),
    "open": (N_("Open"), "info"),
    "paused": (N_("Paused"), "warn"),
    "refused": (N_("Refused"), "bad"),
    "retired": (N_("Retired"), "off"),
    "revoked": (N_("Revoked"), "bad"),
    "serving": (N_("Serving"), "ok"),
    "waiting": (N_("Waiting"), "info"),
    "withdrawn": (N_("Withdrawn"), "off"),
}


def state(name: str) -> Cell:
    """Write a state; one that is not known here stands as it is."""
    word, tone = _WORDS.get(name, (name, "off"))
    return cells.pill(_(word), tone, value=name)
