"""The form of a client, and what it says of one."""

from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Field, Form
from tollbridge_dashboard.team_form import PERIODS

GRANTS = (
    ("client_credentials", N_("By itself (client credentials)")),
    ("authorization_code", N_("For people, in their browser (authorization code)")),
    ("refresh_token", N_("And stays signed in (refresh token)")),
    ("urn:ietf:params:oauth:grant-type:device_code", N_("For people, with a code (device)")),
    ("urn:ietf:params:oauth:grant-type:token-exchange", N_("For what calls it (token exchange)")),
)
WAYS = (
    ("client_secret_basic", N_("by a secret, in the head")),
    ("client_secret_post", N_("by a secret, in the body")),
    ("private_key_jwt", N_("by a key of its own (private_key_jwt)")),
    ("none", N_("not at all: an application on people's machines")),
)
_NAME = Field(name="name", label=N_("Name"), hint=N_("People who let it act for them see it."))
WAY = Field(name="auth_method", label=N_("It proves who it is"), kind="choice", choices=WAYS)
KEYS_URL = Field(name="keys_url", label=N_("Where its public keys are"), hint=N_("Needed for private_key_jwt alone."))
TEAM = Field(name="team", label=N_("Team"), kind="choice")
KEPT = (
    _NAME,
    Field(name="scopes", label=N_("What it may do at most"), kind="area", rows=3, begin="ai:* model:*"),
    Field(
        name="grants",
        label=N_("How it comes by access tokens"),
        kind="ticks",
        choices=GRANTS,
        begin="client_credentials",
    ),
    Field(
        name="redirect_uris",
        label=N_("Where people are sent back to"),
        kind="area",
        rows=3,
        hint=N_("One a line, character by character; only for people in their browser."),
    ),
    Field(name="budget", label=N_("Budget"), kind="number", sign="$", api="budget.usd", hint=N_("Empty for none.")),
    Field(name="period", label=N_("It lasts"), kind="choice", choices=PERIODS, begin="month", api="budget.period"),
    Field(name="requests_per_minute", label=N_("Requests a minute"), kind="number"),
    Field(name="trusted", label=N_("People are not asked what they let it do"), kind="tick"),
)


def kind_of(client: Row) -> str:
    """Say what kind of client it is."""
    return _("service account") if client["grants"] == ["client_credentials"] else _("application for people")


def patch_of(form: Form) -> dict[str, Any]:
    """Give a change, as the API reads it: an empty field takes away."""
    budget = form.text("budget").lstrip("$")
    return {
        "name": form.text("name"),
        "scopes": form.words("scopes"),
        "grants": form.texts("grants"),
        "redirect_uris": form.words("redirect_uris"),
        "budget": {"usd": budget, "period": form.text("period") or "month"} if budget else None,
        "requests_per_minute": form.whole("requests_per_minute"),
        "trusted": form.has("trusted"),
    }
