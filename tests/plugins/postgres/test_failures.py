"""What failures are taken for."""

import pytest
from asyncpg import exceptions
from tests.support.requires import requires

from tollbridge import Unavailable
from tollbridge_postgres.failures import Contended, away, cannot_open, is_own_fault

pytestmark = requires("postgres")


@pytest.mark.parametrize(
    ("exc", "own"),
    [
        (exceptions.UniqueViolationError("Key (id)=(secret)"), True),
        (exceptions.CheckViolationError(""), True),
        (exceptions.NumericValueOutOfRangeError(""), True),
        (exceptions.CharacterNotInRepertoireError(""), True),
        (exceptions.ProgramLimitExceededError(""), True),
        (exceptions._base.DataError("invalid input for query argument $1: 'secret'"), True),
        (TypeError(), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, ""), True),
        (exceptions.UndefinedTableError(""), False),
        (exceptions.AdminShutdownError(""), False),
        (exceptions.QueryCanceledError(""), False),
        (exceptions.TooManyConnectionsError(""), False),
        (exceptions.InterfaceError("connection is closed"), False),
        (ConnectionRefusedError(111, "refused"), False),
        (TimeoutError(), False),
    ],
)
def test_fault_of_a_value_is_told_from_a_store_that_fails(exc, own):
    assert is_own_fault(exc) is own


def test_store_that_fails_is_unavailable_and_says_what_kind_it_was_and_no_value():
    told = away(exceptions.AdminShutdownError("terminating connection of secret"))

    assert type(told) is Unavailable
    assert told.detail == "store: AdminShutdownError (SQLSTATE 57P01)"
    assert away(ConnectionRefusedError(111, "('10.0.0.1', 5432)")).detail == "store: ConnectionRefusedError"


@pytest.mark.parametrize("exc", [exceptions.DeadlockDetectedError(""), exceptions.SerializationError("")])
def test_transaction_that_others_stood_in_the_way_of_may_be_tried_again(exc):
    assert isinstance(away(exc), Contended)


@pytest.mark.parametrize(
    ("exc", "says"),
    [
        (exceptions.InvalidPasswordError("for user secret"), "check user and password"),
        (exceptions.InvalidCatalogNameError("secret"), "make it with createdb"),
        (exceptions.InsufficientPrivilegeError("secret"), "make the user the schema's owner"),
        (exceptions.TooManyConnectionsError("secret"), "has no connection left"),
        (exceptions.SyntaxOrAccessError("secret"), "SQLSTATE 42000"),
        (OSError("secret"), "cannot be reached .OSError.; start it"),
        (ValueError("secret"), "percent-encoded"),
        (exceptions.TargetServerAttributeNotMatched("secret"), "is no standby"),
    ],
)
def test_failure_at_start_is_one_sentence_that_says_what_to_do(exc, says):
    with pytest.raises(Exception, match=says) as told:
        raise cannot_open("the PostgreSQL database books", exc)

    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)
