"""What administration is made of, for plugins that offer a way to it.

`gateway.tokens` and `gateway.store` do the work; whoever does it says who asks (`Actor`) and, where somebody mints or
edits with a token, with which rights (`minter`, `editor`). `gateway.guard` puts the links that find the caller before
an app.
"""

from tollbridge.applications.model import Application, ApplicationChange, is_application
from tollbridge.audit import FIRST, Act, Actor, AuditRecord, breaks
from tollbridge.bodysanity import check_json_depth
from tollbridge.call import CREDENTIAL_HEADERS, open_call
from tollbridge.clients.model import AuthMethod, Client, ClientChange, ClientRules, GrantType
from tollbridge.clients.service import IssuedClient
from tollbridge.errors import BodyTooLarge, MethodNotAllowed, NoDatabase, RequestTimeout
from tollbridge.leaks import MOST_REPORTED, NAMELESS, Found, Leaks
from tollbridge.logs import clean, redact
from tollbridge.money import parse_usd, show_usd, to_nano
from tollbridge.operators import operator
from tollbridge.people.invitations import DAYS as INVITATION_DAYS
from tollbridge.people.invitations import MOST_DAYS as MOST_INVITATION_DAYS
from tollbridge.people.invitations import MadeInvitation
from tollbridge.people.model import BRIDGE, Invitation, Member, Person, PersonChange, Role, Team, TeamChange
from tollbridge.people.wishes import SLUG
from tollbridge.providerkeys.checking import Checked
from tollbridge.providerkeys.service import LONGEST_KEY, NewKey, ProviderKey
from tollbridge.recorded import shown_change
from tollbridge.redaction import is_secret_name
from tollbridge.scannerkeys import ScannerKeys
from tollbridge.sealing.places import Place
from tollbridge.services.admitting import Subscriptions, knows_of, terms_of
from tollbridge.services.book import decoded
from tollbridge.services.burning import SHOWN as BURN_WINDOWS
from tollbridge.services.burning import Standing, standings
from tollbridge.services.catalogue import Catalogue, Listing, Reader, Shelves, Wanted
from tollbridge.services.differing import changes_of
from tollbridge.services.ending import ending_of, with_ending
from tollbridge.services.entrance import PREFIX as SERVICES_AT
from tollbridge.services.entrance import stopped
from tollbridge.services.evaluating import MEDIAN, SLOWEST, Compared, Evaluation, compared
from tollbridge.services.kinds import MODEL, About, CaseResult, Change, Problem, ServiceKind, ServiceOperation
from tollbridge.services.leaving import until_left
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import (
    MOST_DESIGN,
    MOST_DESIGN_VALUES,
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
from tollbridge.services.referring import clear_secrets, references_of
from tollbridge.services.subscribing import (
    SERVICE,
    SUBSCRIPTION,
    CallQuota,
    Plan,
    PlanChange,
    Subscription,
    SubscriptionState,
)
from tollbridge.services.transferring import transfer_notes
from tollbridge.services.wishes import SLUG as SERVICE_SLUG
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.idempotency import FirstAnswer, IdempotencyStore, KeyedRequest
from tollbridge.stores.jobs import JobState
from tollbridge.stores.overviews import OfApplication, OfTeam, Waiting, Waits
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
from tollbridge.wholebody import read_whole

__all__ = [
    "BRIDGE",
    "BURN_WINDOWS",
    "CREDENTIAL_HEADERS",
    "FIRST",
    "HOLDERS",
    "INVITATION_DAYS",
    "LONGEST_KEY",
    "LONGEST_OVERLAP",
    "MEDIAN",
    "MODEL",
    "MOST_DESIGN",
    "MOST_DESIGN_VALUES",
    "MOST_INVITATION_DAYS",
    "MOST_REPORTED",
    "NAMELESS",
    "PATTERN",
    "SERVICE",
    "SERVICES_AT",
    "SERVICE_SLUG",
    "SLOWEST",
    "SLUG",
    "STORED_NAME",
    "SUBSCRIPTION",
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
    "CallQuota",
    "CaseResult",
    "Catalogue",
    "Change",
    "Checked",
    "Client",
    "ClientChange",
    "ClientRules",
    "Compared",
    "Conditions",
    "Contact",
    "Delivery",
    "Design",
    "Environment",
    "Evaluation",
    "Finding",
    "FirstAnswer",
    "Found",
    "GrantType",
    "Handover",
    "IdempotencyStore",
    "Invitation",
    "IssuedClient",
    "IssuedToken",
    "JobState",
    "KeyedRequest",
    "Leaks",
    "Listing",
    "MadeInvitation",
    "MadeWebhook",
    "Member",
    "MethodNotAllowed",
    "Move",
    "NewKey",
    "NoDatabase",
    "OfApplication",
    "OfTeam",
    "Person",
    "PersonChange",
    "Place",
    "Plan",
    "PlanChange",
    "Problem",
    "ProviderKey",
    "Reader",
    "Release",
    "ReleaseState",
    "RequestTimeout",
    "Role",
    "ScannerKeys",
    "Service",
    "ServiceChange",
    "ServiceKind",
    "ServiceOperation",
    "ServiceState",
    "Shelves",
    "Slo",
    "Standing",
    "StoredSecret",
    "Subscription",
    "SubscriptionState",
    "Subscriptions",
    "Team",
    "TeamChange",
    "TokenChange",
    "TokenKind",
    "TokenSecret",
    "Visibility",
    "Waiting",
    "Waits",
    "Wanted",
    "Webhook",
    "WebhookChange",
    "breaks",
    "changes_of",
    "check_json_depth",
    "clean",
    "clear_secrets",
    "compared",
    "decoded",
    "ending_of",
    "is_application",
    "is_secret_name",
    "knows_of",
    "lineage",
    "micros",
    "moment",
    "open_call",
    "operator",
    "parse_conditions",
    "parse_usd",
    "read_whole",
    "redact",
    "references_of",
    "review",
    "show_usd",
    "shown_change",
    "standings",
    "stopped",
    "terms_of",
    "to_nano",
    "transfer_notes",
    "until_left",
    "with_ending",
]
