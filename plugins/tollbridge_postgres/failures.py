"""What a failure means: a fault of one work's values, or a store that does not answer.

Told by SQLSTATE (PostgreSQL documentation, appendix A, read 2026-11), so that nothing here needs the driver. A
server's own words may hold values and never get further than this.
"""

from tollbridge import Unavailable
from tollbridge.stores.building import StoreError, unavailable

_OWN = ("22", "23", "54")
"""Classes of data exceptions, of violated constraints, and of limits such as an index entry's length."""
_CONTENDED = frozenset(("40001", "40P01"))
_SENTENCES = {
    "28000": "does not let this user in; check user and password in [store] url, and pg_hba.conf",
    "28P01": "does not let this user in; check user and password in [store] url",
    "3D000": "is not there; make it with createdb, or choose another with [store] url",
    "3F000": "has no schema to make tables in; check the search_path of its user",
    "42501": "does not let this user work in its schema; make the user the schema's owner",
    "53300": "has no connection left; see pool_size in docs/operations.md, or raise max_connections",
    "55P03": "is locked by other work for too long; end that and start again",
    "57P03": "is starting or stopping; start again in a moment",
}


class Uncertain(Unavailable):
    """A commit was asked for and not answered: what it held was done, or it was not."""


class Contended(Unavailable):
    """Another transaction stood in the way; nothing was done, and it may be tried again."""


def is_own_fault(exc: BaseException) -> bool:
    """Whether it comes of the values of a work, so that others need not suffer for it."""
    code = _code(exc)
    return code.startswith(_OWN) if code else isinstance(exc, (TypeError, ValueError))


def away(exc: BaseException) -> Unavailable:
    """Say that the store does not answer; the log gets the kind of failure and no more."""
    code = _code(exc)
    told = unavailable(f"{type(exc).__name__}{f' (SQLSTATE {code})' if code else ''}")
    return Contended(told.message, detail=told.detail) if code in _CONTENDED else told


def cannot_open(name: str, exc: BaseException) -> StoreError:
    """Put a failure at start in one sentence that says what to do."""
    code = _code(exc)
    if code:
        return StoreError(f"{name} {_SENTENCES.get(code, f'cannot be used (SQLSTATE {code}); see its own log')}")
    if isinstance(exc, OSError):
        return StoreError(f"{name} cannot be reached ({_kind(exc)}); start it, or check host and port in [store] url")
    if isinstance(exc, ValueError):
        return StoreError(
            "store.url cannot be read; write it as postgresql://user:password@host:5432/database, with signs such as "
            "@ / [ in the password percent-encoded"
        )
    return StoreError(f"{name} cannot be used ({_kind(exc)}); check that it is no standby, and [store] url")


def no_answer(name: str, exc: Unavailable) -> StoreError:
    """Say that a database that was there a moment ago does not answer."""
    return StoreError(f"{name} does not answer ({exc.detail}); start again")


def _code(exc: BaseException) -> str:
    code = getattr(exc, "sqlstate", None)
    return code if isinstance(code, str) else ""


def _kind(exc: BaseException) -> str:
    return type(exc).__name__
