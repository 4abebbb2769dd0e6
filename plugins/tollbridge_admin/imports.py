"""Tokens of another system, brought by the hashes it kept of their secrets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tollbridge import BadRequest, Denied, Gateway
from tollbridge.administering import clean
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.importshapes import ImportsShown, ImportsWish
from tollbridge_admin.problems import FieldProblem, FieldsRefused, refused
from tollbridge_admin.routes import Route, route
from tollbridge_admin.tokens import WRITE
from tollbridge_admin.wishes import new_token


class Imports:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        said: dict[str, Any] = {"scope": WRITE, "status": 201, "also": (409,)}
        return (route("POST", "/tokens/import", self.import_tokens, takes=ImportsWish, gives=ImportsShown, **said),)

    async def import_tokens(self, asked: Asked, wish: ImportsWish) -> Answer:
        """Make tokens below the caller's that are known by another system's hashes, all of them or none."""
        brought = []
        for place, one in enumerate(wish.tokens):
            with _naming(place):
                brought.append(await self._gateway.tokens.foreign(one.hash, **new_token(one), minter=asked.minter))
        try:
            made = await self._gateway.tokens.bring(brought, by=asked.actor)
        except BadRequest as exc:
            raise BadRequest(f"tokens[{exc.param}]: {exc.message}", code=exc.code, status=exc.status) from exc
        return Answer(ImportsShown([None if token is None else token.id for token in made]), 201)


@contextmanager
def _naming(place: int) -> Iterator[None]:
    """Say which of several a refusal is about."""
    where = f"tokens[{place}]"
    try:
        yield
    except FieldsRefused as exc:
        raise FieldsRefused([FieldProblem(f"{where}.{one.field}", one.detail) for one in exc.errors]) from exc
    except Denied as exc:
        raise Denied(f"{where}: {clean(exc.message)}", code=exc.code, param=f"{where}.{exc.param}") from exc
    except BadRequest as exc:
        if exc.param is None:
            raise BadRequest(f"{where}: {exc.message}", code=exc.code, status=exc.status) from exc
        raise refused(f"{where}.{exc.param}", clean(exc.message)) from exc
