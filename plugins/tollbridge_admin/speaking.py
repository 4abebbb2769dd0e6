"""Which person a caller speaks for."""

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import Person, TokenKind
from tollbridge_admin.asking import Asked


async def person_of(gateway: Gateway, asked: Asked) -> Person:
    """Give whose token the caller shows: of the member that is it, or that stands above it.

    One that may do less than that is for somebody else's use, and speaks for nobody: raises `Denied`. Raises `NotFound`
    for one that is no person's.
    """
    caller, store = asked.caller, gateway.store
    for id in (caller.id, *(above.id for above in caller.above)):
        found, holder = await store.get_token(id), await store.find_holder(id)
        if found is not None and holder is not None and found.kind is TokenKind.MEMBER:
            person = await gateway.people.get_person(found.owner)
            beyond = holder.scopes.lacking(found.scopes)
            if caller.scopes.lacking(one for one in found.scopes if one not in beyond):
                raise Denied(
                    "this token may do less than whose it is: sign in, or show one that may do all that you may",
                    code="insufficient_scope",
                )
            if person is not None:
                return person
    raise NotFound("this token is no person's; who it is of signs in")
