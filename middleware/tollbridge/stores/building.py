"""What an SQL store is made of, whatever the database.  `tollbridge.stores.sql` has what brings SQLAlchemy.

A store serves administration, reports and kept answers by being an `SqlServed`; its ledger does the works of each
tick in one transaction by `Ticks`. Between its columns and our values stand `usage_values`, `micros` and their like;
what it refuses with are `too_small` and `unavailable`.
"""

from tollbridge.errors import InternalError, StoreError
from tollbridge.metering.ledger import BudgetLine, Reservation, UsageRow, calls_of, charge_of, drawn
from tollbridge.services.subscribing import Subscribed
from tollbridge.stores.files import unavailable
from tollbridge.stores.forgetting import ENDING
from tollbridge.stores.hot import PRINCIPAL_COLUMNS, SUBSCRIBED_COLUMNS, principal_of, subscribed_of
from tollbridge.stores.kept import KeptAnswer
from tollbridge.stores.ledger import swept_row, too_small
from tollbridge.stores.rows import USAGE_COLUMNS, Value, micros, moment, seconds_to_micros, storable, usage_values
from tollbridge.stores.sealed import READ_OWN_KEYS, READ_PEPPERS
from tollbridge.stores.served import SqlServed
from tollbridge.stores.storedsecrets import READ_SECRETS, StoredSecret, secret_of
from tollbridge.stores.ticks import Outcome, Outcomes, Ticks
from tollbridge.stores.versions import SchemaKeeper, SchemaState, SchemaStatus, check_version, standing
from tollbridge.tokens.model import Shown

__all__ = [
    "ENDING",
    "PRINCIPAL_COLUMNS",
    "READ_OWN_KEYS",
    "READ_PEPPERS",
    "READ_SECRETS",
    "SUBSCRIBED_COLUMNS",
    "USAGE_COLUMNS",
    "BudgetLine",
    "InternalError",
    "KeptAnswer",
    "Outcome",
    "Outcomes",
    "Reservation",
    "SchemaKeeper",
    "SchemaState",
    "SchemaStatus",
    "Shown",
    "SqlServed",
    "StoreError",
    "StoredSecret",
    "Subscribed",
    "Ticks",
    "UsageRow",
    "Value",
    "calls_of",
    "charge_of",
    "check_version",
    "drawn",
    "micros",
    "moment",
    "principal_of",
    "seconds_to_micros",
    "secret_of",
    "standing",
    "storable",
    "subscribed_of",
    "swept_row",
    "too_small",
    "unavailable",
    "usage_values",
]
