"""What administration is made of, for plugins that offer a way to it.

`gateway.tokens` and `gateway.store` do the work; whoever does it says who asks (`Actor`) and, where somebody mints or
edits with a token, with which rights (`minter`, `editor`). `gateway.guard` puts the links that find the caller before
an app.
"""

from tollbridge.applications.model import Application, ApplicationChange
from tollbridge.audit import FIRST, Act, Actor, AuditRecord, breaks
from tollbridge.bodysanity import check_json_depth
from tollbridge.call import open_call
from tollbridge.clients.model import AuthMethod, Client, ClientChange, ClientRules, GrantType
from tollbridge.clients.service import IssuedClient
from tollbridge.errors import BodyTooLarge, MethodNotAllowed, NoDatabase, RequestTimeout
from tollbridge.leaks import MOST_REPORTED, NAMELESS, Found, Leaks
from tollbridge.logs import clean
from tollbridge.money import parse_usd, show_usd, to_nano
from tollbridge.operators import operator
from tollbridge.people.model import BRIDGE, Member, Person, PersonChange, Role, Team, TeamChange
from tollbridge.people.wishes import SLUG
from tollbridge.providerkeys.checking import Checked
from tollbridge.providerkeys.service import LONGEST_KEY, NewKey, ProviderKey
from tollbridge.recorded import shown_change
from tollbridge.redaction import is_secret_name
from tollbridge.scannerkeys import ScannerKeys
from tollbridge.sealing.places import Place
from tollbridge.services.book import decoded
from tollbridge.services.differing import changes_of
from tollbridge.services.entrance import PREFIX as SERVICES_AT
from tollbridge.services.kinds import About, Change, Problem, ServiceKind
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import (
    MOST_DESIGN,
    Access,
    Approval,
    Contact,
    Design,
    Release,
    ReleaseState,
    Service,
    ServiceChange,
    ServiceState,
    Slo,
    Visibility,
)
from tollbridge.services.subscribing import Plan, PlanChange, Subscription, SubscriptionState
from tollbridge.services.wishes import SLUG as SERVICE_SLUG
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.idempotency import FirstAnswer, IdempotencyStore, KeyedRequest
from tollbridge.stores.jobs import JobState
from tollbridge.stores.rotations import AutoRotation, Handover
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.stores.webhooks import Delivery, Webhook, WebhookChange
from tollbridge.tokens.conditions import Conditions, parse_conditions
from tollbridge.tokens.lineage import lineage
from tollbridge.tokens.model import HOLDERS, Environment, TokenKind, TokenSecret
from tollbridge.tokens.review import Finding, review
from tollbridge.tokens.secret import PATTERN
from tollbridge.tokens.service import LONGEST_OVERLAP, IssuedToken
from tollbridge.vault import STORED_NAME, Box
from tollbridge.webhooks.service import MadeWebhook

__all__ = [
    "BRIDGE",
    "FIRST",
    "HOLDERS",
    "LONGEST_KEY",
    "LONGEST_OVERLAP",
    "MOST_DESIGN",
    "MOST_REPORTED",
    "NAMELESS",
    "PATTERN",
    "SERVICES_AT",
    "SERVICE_SLUG",
    "SLUG",
    "STORED_NAME",
    "About",
    "Access",
    "Act",
    "Actor",
    "Application",
    "ApplicationChange",
    "Approval",
    "AuditRecord",
    "AuthMethod",
    "AutoRotation",
    "BodyTooLarge",
    "Box",
    "Change",
    "Checked",
    "Client",
    "ClientChange",
    "ClientRules",
    "Conditions",
    "Contact",
    "Delivery",
    "Design",
    "Environment",
    "Finding",
    "FirstAnswer",
    "Found",
    "GrantType",
    "Handover",
    "IdempotencyStore",
    "IssuedClient",
    "IssuedToken",
    "JobState",
    "KeyedRequest",
    "Leaks",
    "MadeWebhook",
    "Member",
    "MethodNotAllowed",
    "Move",
    "NewKey",
    "NoDatabase",
    "Person",
    "PersonChange",
    "Place",
    "Plan",
    "PlanChange",
    "Problem",
    "ProviderKey",
    "Release",
    "ReleaseState",
    "RequestTimeout",
    "Role",
    "ScannerKeys",
    "Service",
    "ServiceChange",
    "ServiceKind",
    "ServiceState",
    "Slo",
    "StoredSecret",
    "Subscription",
    "SubscriptionState",
    "Team",
    "TeamChange",
    "TokenChange",
    "TokenKind",
    "TokenSecret",
    "Visibility",
    "Webhook",
    "WebhookChange",
    "breaks",
    "changes_of",
    "check_json_depth",
    "clean",
    "decoded",
    "is_secret_name",
    "lineage",
    "micros",
    "moment",
    "open_call",
    "operator",
    "parse_conditions",
    "parse_usd",
    "review",
    "show_usd",
    "shown_change",
    "to_nano",
]
