"""What administration is made of, for plugins that offer a way to it.

`gateway.tokens` and `gateway.store` do the work; whoever does it says who asks (`Actor`) and, where somebody mints or
edits with a token, with which rights (`minter`, `editor`). `gateway.guard` puts the links that find the caller before
an app.
"""

from tollbridge.audit import FIRST, Act, Actor, AuditRecord, breaks
from tollbridge.bodysanity import check_json_depth
from tollbridge.errors import BodyTooLarge, MethodNotAllowed, RequestTimeout
from tollbridge.logs import clean
from tollbridge.money import parse_usd, show_usd, to_nano
from tollbridge.sealing.places import Place
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.idempotency import FirstAnswer, IdempotencyStore, KeyedRequest
from tollbridge.tokens.conditions import Conditions, parse_conditions
from tollbridge.tokens.model import Environment, TokenSecret
from tollbridge.tokens.review import Finding, review
from tollbridge.tokens.service import LONGEST_OVERLAP, IssuedToken
from tollbridge.vault import Box

__all__ = [
    "FIRST",
    "LONGEST_OVERLAP",
    "Act",
    "Actor",
    "AuditRecord",
    "BodyTooLarge",
    "Box",
    "Conditions",
    "Environment",
    "Finding",
    "FirstAnswer",
    "IdempotencyStore",
    "IssuedToken",
    "KeyedRequest",
    "MethodNotAllowed",
    "Place",
    "RequestTimeout",
    "TokenChange",
    "TokenSecret",
    "breaks",
    "check_json_depth",
    "clean",
    "parse_conditions",
    "parse_usd",
    "review",
    "show_usd",
    "to_nano",
]
