"""What an SQL store is made of, whatever the database.  `tollbridge.stores.sql` has what brings SQLAlchemy.

A store serves administration, reports and kept answers by being an `SqlServed`; its ledger does the works of each
tick in one transaction by `Ticks`. Between its columns and our values stand `usage_values`, `micros` and their like;
what it refuses with are `too_small` and `unavailable`. The sums that reports are made of
take over the usage rows that `PENDING` has: `FACTS_SQL` says what of a row, `roll_up` what to add, `writing` how.
"""

from tollbridge.errors import InternalError, StoreError
from tollbridge.metering.ledger import BudgetLine, Reservation, UsageRow, calls_of, charge_of, drawn
from tollbridge.services.subscribing import Subscribed
from tollbridge.stores.counting import FACTS_SQL, PENDING
from tollbridge.stores.files import unavailable
from tollbridge.stores.forgetting import ENDING
from tollbridge.stores.histograms import pack as pack_times
from tollbridge.stores.histograms import unpack as unpack_times
from tollbridge.stores.hot import PRINCIPAL_COLUMNS, SUBSCRIBED_COLUMNS, principal_of, subscribed_of
from tollbridge.stores.kept import KeptAnswer
from tollbridge.stores.ledger import swept_row, too_small
from tollbridge.stores.rollups import LATENCY, LATENCY_KEY, Histograms, roll_up, writing
from tollbridge.stores.rollups import TABLES as SUM_TABLES
from tollbridge.stores.rollups import Kept as SumsTable
from tollbridge.stores.rows import USAGE_COLUMNS, Value, micros, moment, seconds_to_micros, storable, usage_values
from tollbridge.stores.sealed import READ_OWN_KEYS, READ_PEPPERS
from tollbridge.stores.served import SqlServed
from tollbridge.stores.storedsecrets import READ_SECRETS, StoredSecret, secret_of
from tollbridge.stores.ticks import Outcome, Outcomes, Ticks
from tollbridge.stores.versions import SchemaKeeper, SchemaState, SchemaStatus, check_version, standing
from tollbridge.tokens.model import Shown

__all__ = [
    "ENDING",
    "FACTS_SQL",
    "LATENCY",
    "LATENCY_KEY",
    "PENDING",
    "PRINCIPAL_COLUMNS",
    "READ_OWN_KEYS",
    "READ_PEPPERS",
    "READ_SECRETS",
    "SUBSCRIBED_COLUMNS",
    "SUM_TABLES",
    "USAGE_COLUMNS",
    "BudgetLine",
    "Histograms",
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
    "SumsTable",
    "Ticks",
    "UsageRow",
    "Value",
    "calls_of",
    "charge_of",
    "check_version",
    "drawn",
    "micros",
    "moment",
    "pack_times",
    "principal_of",
    "roll_up",
    "seconds_to_micros",
    "secret_of",
    "standing",
    "storable",
    "subscribed_of",
    "swept_row",
    "too_small",
    "unavailable",
    "unpack_times",
    "usage_values",
    "writing",
]
