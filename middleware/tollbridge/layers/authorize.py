"""The fifth link: what this principal may call."""

from typing import ClassVar

from tollbridge.call import Call
from tollbridge.errors import ScopeMissing, Unauthenticated
from tollbridge.layers.context import offered
from tollbridge.layers.layer import Layer

_EVERY = "model:*"


class Authorize(Layer):
    """Refuses what the token has no scope for, and names the scope it lacks.

    The operation's scope is asked for before the body is read, the model's once its name is known; an operation that
    can come to any model needs `model:*`. Whether a model exists is told only to those who may call it.
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
        if needed and needed not in scopes:
            raise ScopeMissing(needed)
        if operation is not None and operation.every_model and _EVERY not in scopes:
            raise ScopeMissing(_EVERY)

    def body(self, call: Call) -> None:
        if call.model is None:
            return
        if not call.public and (call.principal is None or f"model:{call.model}" not in call.principal.scopes):
            raise ScopeMissing(f"model:{call.model}")
        if call.entered is None:
            offered(call)
