"""What somebody may give to others: at most what they may do themselves."""

from collections.abc import Iterable

from tollbridge.errors import Denied
from tollbridge.people.builtin import BUILT_IN, PLATFORM_ADMIN
from tollbridge.stores.base import Store
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.wishes import check_within


async def reach_of(store: Store, giver: Principal, without: str = "") -> ScopeSet:
    """Give what somebody may do where one of those above, `without`, does not bind: it binds whoever is given to too.

    Which role somebody has in a team does not depend on what the team may do: that is what it bounds.
    """
    ids = [giver.id, *(above.id for above in giver.above)]
    found = [await store.get_token(id) for id in ids if id != without]
    return ScopeSet(giver.scopes.scopes, [ScopeSet(() if one is None else one.scopes) for one in found])


async def check_giver(store: Store, giver: Principal | None, scopes: Iterable[str], within: str = "") -> None:
    """Refuse to give scopes that reach beyond the giver's own; raises `Denied` (scope_beyond).

    `within` is the holder that what is given stands below.
    """
    if giver is not None:
        check_within(scopes, await reach_of(store, giver, within))


async def check_everything(store: Store, giver: Principal | None) -> None:
    """Refuse a giver who may not do everything there is; raises `Denied` (out_of_reach, scope_beyond).

    Who knows the password of somebody, or has the address, is that person, also once they were given more. So what is
    given with either is everything that there is to give.
    """
    check_bridge(giver)
    everything = BUILT_IN[PLATFORM_ADMIN].scopes
    if giver is not None and (await reach_of(store, giver)).lacking(everything):
        raise Denied(
            "a password or an address is whatever its person is ever given; "
            f"whoever sets it for somebody needs {' '.join(everything)}",
            code="scope_beyond",
        )


def check_bridge(giver: Principal | None) -> None:
    """Refuse a giver with a team: what is asked belongs to the whole bridge; raises `Denied` (out_of_reach)."""
    if giver is not None and giver.team:
        raise Denied("this belongs to the whole bridge; ask somebody who administers that", code="out_of_reach")


def check_not_above(giver: Principal | None, holder: str) -> None:
    """Refuse what would change the giver, or who is above; raises `Denied` (out_of_reach)."""
    if giver is not None and holder in (giver.id, *(above.id for above in giver.above)):
        raise Denied("nobody changes what they may do themselves; ask another administrator", code="out_of_reach")
