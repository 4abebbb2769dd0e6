"""Who calls, what it may do here, and what there is to be called."""

from collections.abc import Sequence

import msgspec

from tollbridge.administering import Environment
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, Nothing, Route, route

BRIDGES = frozenset(
    (
        *("verify_audit", "list_jobs", "run_job", "create_role", "change_role", "remove_role"),
        *("create_team", "disable_team", "enable_team", "end_team"),
        *("list_members", "set_member", "get_member", "change_member", "remove_member"),
        *("create_person", "change_person", "disable_person", "enable_person", "remove_person"),
        *("list_sessions", "end_sessions", "list_operator_sessions", "end_operator_sessions"),
        *("list_provider_keys", "set_provider_key", "get_provider_key", "change_provider_key"),
        *("rotate_provider_key", "check_provider_key", "remove_provider_key"),
        *("create_plan", "change_plan", "transfer_application"),
    )
)
"""Operations on what is the whole bridge's: whoever has a team is refused, whatever their scopes are."""


class MeShown(msgspec.Struct, frozen=True):
    """The caller.  `within` are the scopes of those above it, nearest first: it may do what all of them allow."""

    id: str
    name: str
    kind: str
    owner: str
    team: str
    environment: Environment
    scopes: Sequence[str]
    within: Sequence[Sequence[str]]
    operations: Sequence[str]


class Myself:
    """Answers about the caller; `others` are the routes it may be able to call."""

    def __init__(self, others: Sequence[Route]) -> None:
        self._others = others

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (route("GET", "/me", self.get_me, takes=Nothing, gives=MeShown, scope=ANY_TOKEN),)

    async def get_me(self, asked: Asked, nothing: Nothing) -> Answer:
        """Say who calls, and which operations it may call."""
        me = asked.caller
        beyond = BRIDGES if me.team else ()
        scoped = (one for one in self._others if one.scope in (ANY_TOKEN, ANY_OR_NONE) or one.scope in me.scopes)
        may = [one.name for one in scoped if one.name not in beyond]
        within = [bound.scopes for bound in me.scopes.bounds]
        return Answer(
            MeShown(me.id, me.name, me.kind.value, me.owner, me.team, me.environment, me.scopes.scopes, within, may)
        )
