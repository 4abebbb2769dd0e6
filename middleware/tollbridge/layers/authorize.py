"""The fifth link: what this principal may call."""

from typing import ClassVar

from tollbridge.call import Call
from tollbridge.errors import ScopeMissing, Unauthenticated
from tollbridge.formats.codec import CONVERSATION
from tollbridge.layers.context import offered
from tollbridge.layers.layer import Layer
from tollbridge.services.entrance import operation_of
from tollbridge.services.kinds import MODEL
from tollbridge.tokens.scopes import ScopeSet

_EVERY = "model:*"


class Authorize(Layer):
    """Refuses what the token has no scope for, and names the scope it lacks.

    The operation's scope is asked for before the body is read, the model's once its name is known; an operation that
    can come to any model needs `model:*`. A service that is called as a model, which only the body says, is opened by
    its own scope in place of the operation's. Whether a model exists is told only to those who may call it. Of a
    published service whoever has a scope for any operation of its name goes on to hear why there is nothing; whoever
    has none is told the same whether it is there or not.
    """

    name: ClassVar[str] = "authorize"
    needs: ClassVar[tuple[str, ...]] = ("authenticate",)

    def head(self, call: Call) -> None:
        if call.public:
            return
        if call.principal is None:
            raise Unauthenticated()
        operation, scopes = call.operation, call.principal.scopes
        needed = operation.scope if operation is not None else f"service:app:{call.method}:*"
        if needed and needed not in scopes and not _may_speak(call, scopes):
            _refuse(call, needed, scopes)
        if operation is not None and operation.every_model and _EVERY not in scopes:
            raise ScopeMissing(_EVERY)

    def body(self, call: Call) -> None:
        if call.dialect is not None and not call.public:
            needed = scope_of_operation(call)
            if needed and (call.principal is None or needed not in call.principal.scopes):
                raise ScopeMissing(needed)
        if call.model is None:
            return
        if not call.public:
            needed = scope_of_model(call)
            if call.principal is None or needed not in call.principal.scopes:
                raise ScopeMissing(needed)
        if call.entered is None:
            offered(call)


def scope_of_operation(call: Call) -> str:
    """Name the scope that opens the operation of a call, empty for none.

    A service that is called as a model is opened by its own, `service:weather:speak`, where a caller has that.
    """
    operation, entered = call.operation, call.entered
    if operation is None or entered is None or entered.spoken is None:
        return "" if operation is None else operation.scope
    own = operation.scope
    return own if call.principal is not None and own in call.principal.scopes else entered.spoken.scope


def scope_of_model(call: Call) -> str:
    """Name the scope that opens the model of a call.

    All versions of a service, `api/weather@2`, are opened by its name; one by its own name where a caller has that.
    """
    needed = f"model:{call.model}"
    if call.entered is None or (call.principal is not None and needed in call.principal.scopes):
        return needed
    return needed.partition("@")[0]


def _may_speak(call: Call, scopes: ScopeSet) -> bool:
    """Whether the body may name a service as the model, and the scopes open some service in that way."""
    operation = call.operation
    if operation is None or operation.socket or getattr(operation.codec, "kind", "") != CONVERSATION:
        return False
    return scopes.touches(f"model:{MODEL}") and scopes.touches("service:")


def _refuse(call: Call, needed: str, scopes: ScopeSet) -> None:
    """Refuse for a scope that is lacking; who has one for something of a service goes on to hear why there is nothing.

    Where there is something, a stranger to its name is told, and recorded with, what they are where there is nothing.
    """
    entered = call.entered
    if entered is None:
        raise ScopeMissing(needed)
    if not scopes.touches(f"service:{call.service}:"):
        call.operation = operation_of(call.service)
        raise ScopeMissing(call.operation.scope)
    if entered.refusal is not None:
        return
    if not entered.is_hidden_from(call.principal):
        raise ScopeMissing(needed)
    entered.refusal = ScopeMissing(needed)  # told to subscribers alone, of whom the next link knows
