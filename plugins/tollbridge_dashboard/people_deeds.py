"""What is done to people."""

from typing import Any

from tollbridge.browsing import gettext_noop as N_
from tollbridge_dashboard.deeds import Deed

WRITE, MEMBERS = "admin:people:write", "admin:members:write"
SESSIONS_SEEN, SESSIONS = "admin:sessions:read", "admin:sessions:write"
_ONE = "/people/{id}"
_OF: dict[str, Any] = {
    "about": _ONE,
    "title": lambda person: person["name"],
    "nav": "/people",
    "up": _ONE,
    "then": _ONE,
}
DEEDS = (
    (
        Deed(
            path=f"{_ONE}/disable",
            call=f"{_ONE}/disable",
            heading=N_("Disable a person"),
            warning=N_("Memberships, tokens made with them and sessions are off at once, until they are enabled."),
            button=N_("Disable"),
            said="disabled",
            **_OF,
        ),
        WRITE,
    ),
    (
        Deed(
            path=f"{_ONE}/enable",
            call=f"{_ONE}/enable",
            heading=N_("Enable a person"),
            warning=N_("What was disabled with them crosses again at once."),
            button=N_("Enable"),
            said="enabled",
            **_OF,
        ),
        WRITE,
    ),
    (
        Deed(
            path=f"{_ONE}/remove",
            call=f"{_ONE}/remove",
            heading=N_("Remove a person"),
            warning=N_("They are forgotten. All memberships and the tokens made with them end at once and for good."),
            button=N_("Remove for good"),
            said="removed",
            typed=True,
            **{**_OF, "then": "/people"},
        ),
        WRITE,
    ),
    (
        Deed(
            path=f"{_ONE}/role/remove",
            call="/members/{id}/remove",
            heading=N_("Take the role in the whole bridge away"),
            warning=N_("What was made with the role, such as tokens, ends at once and for good. Roles in teams stay."),
            button=N_("Take it away"),
            said="no_role",
            **_OF,
        ),
        MEMBERS,
    ),
    (
        Deed(
            path=f"{_ONE}/sessions/end",
            call=f"{_ONE}/sessions/end",
            heading=N_("Sign somebody out everywhere"),
            warning=N_("All of their sessions end at once. Their tokens stay."),
            button=N_("Sign out everywhere"),
            said="all_out",
            **_OF,
        ),
        SESSIONS,
    ),
    (
        Deed(
            path=f"{_ONE}/sessions/{{session}}/end",
            call=f"{_ONE}/sessions/end",
            heading=N_("End a session"),
            warning=N_("That browser is signed out at once."),
            button=N_("End the session"),
            said="signed_out",
            body={"session": "session"},
            **_OF,
        ),
        SESSIONS,
    ),
)
"""Each with the scope that it needs."""
