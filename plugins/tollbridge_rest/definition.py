"""What a REST service is made of, as it is written.

Whatever leads somewhere stands here and nowhere else: no call says a URL, a host or a header that moves it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._~-]+$")]
Text = Annotated[str, Meta(max_length=4_096)]
Header = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
Method = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Z]+$")]
Template = Annotated[str, Meta(max_length=1_000)]
Pointer = Annotated[str, Meta(max_length=1_000)]
Status = Annotated[int, Meta(ge=200, le=599)]
StatusRange = Annotated[str, Meta(pattern=r"^[2-5](?:[0-9]{2}|XX)$")]
StatusKey = Annotated[str, Meta(pattern=r"^[2-5][0-9]{2}$")]
Seconds = Annotated[float, Meta(gt=0, le=3_600)]
Headers = Annotated[Mapping[Header, Text], Meta(max_length=50)]
Origin = Annotated[str, Meta(min_length=1, max_length=300)]
Pairs = Annotated[Mapping[Annotated[str, Meta(min_length=1, max_length=200)], Text], Meta(max_length=50)]

MIB = 1024 * 1024


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a definition."""


class Balance(StrEnum):
    """Which node takes a call: by weight in turn, the one with the least running, or always the same for a caller."""

    WEIGHTED = "weighted"
    LEAST = "least"
    HASH = "hash"


class Mock(StrEnum):
    """When an answer is made up from the document's examples."""

    NEVER = "never"
    ALWAYS = "always"
    WHEN_DOWN = "when_down"


class Strictness(StrEnum):
    """What becomes of what the document does not allow: nothing, a line in the log, a refusal."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class Place(StrEnum):
    """Where a condition looks."""

    HEADER = "header"
    QUERY = "query"


class Test(StrEnum):
    """How a condition compares.  `NOT`: it is not there, or is another."""

    EQUALS = "equals"
    PREFIX = "prefix"
    REGEX = "regex"
    EXISTS = "exists"
    NOT = "not"


class Node(Part, frozen=True, kw_only=True):
    """One server of an upstream.  `backup`: it is asked only while no other can be."""

    url: Annotated[str, Meta(min_length=8, max_length=2_000)]
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    backup: bool = False


class Health(Part, frozen=True, kw_only=True):
    """When a node is left alone.

    With a `path` every node is asked for it each `every_s`; it is down after `unhealthy_after` bad answers and up after
    `healthy_after` good ones. Beside that, or alone: after `fails` failed calls within `window_s` a node rests for
    `rest_s`, as long as another can take its calls; 0 counts none.
    """

    path: Annotated[str, Meta(max_length=1_000)] = ""
    every_s: Annotated[float, Meta(ge=1, le=3_600)] = 10.0
    timeout_s: Seconds = 5.0
    healthy_after: Annotated[int, Meta(ge=1, le=10)] = 2
    unhealthy_after: Annotated[int, Meta(ge=1, le=10)] = 3
    expect: Annotated[tuple[StatusRange, ...], Meta(min_length=1, max_length=20)] = ("2XX",)
    fails: Annotated[int, Meta(ge=0, le=100)] = 3
    window_s: Seconds = 10.0
    rest_s: Seconds = 10.0


class Tls(Part, frozen=True, kw_only=True):
    """How a node proves itself.  `ca`: certificates in PEM that are trusted in place of the public authorities.

    `server_name` is asked for and checked in place of the URL's host.
    """

    verify: bool = True
    ca: Annotated[str, Meta(max_length=200_000)] = ""
    server_name: Annotated[str, Meta(max_length=253)] = ""


class Scheme(StrEnum):
    """How the gateway shows who it is."""

    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    QUERY = "query"


class Auth(Part, frozen=True, kw_only=True):
    """The credential of the gateway at an upstream.  `key` is a reference: `env:NAME`, `file:PATH` or `stored:NAME`.

    `name` is the header of the scheme `header`, or the parameter of `query`; `user` the one of `basic`, whose password
    the key is.
    """

    scheme: Scheme = Scheme.BEARER
    key: Annotated[str, Meta(min_length=1, max_length=300)]
    name: Header = "x-api-key"
    user: Annotated[str, Meta(max_length=200)] = ""


class Upstream(Part, frozen=True, kw_only=True):
    """Where calls go.

    `hash_header` is what `hash` goes by; without one, the token. `retries` are further tries after a connection that
    failed and after 502, 503 and 504, of methods that may be repeated; of all with `retry_all`. `total_timeout_s` is
    for one whole answer, `idle_timeout_s` between two of its pieces. `host` is the Host header: `upstream` for that of
    the node, `pass` for the caller's, or a name. `headers` go along with every request; a value may be a reference.
    `allow_private` lets nodes be on private addresses, where the operator allows that too. `plain` lets a public one be
    asked without TLS, which no upstream with a credential may be. `forwarded` tells it where the caller is.
    `identity_audience` is the `aud` of the gateway's word on who calls, a URI; without one it is the service's slug.
    """

    nodes: Annotated[tuple[Node, ...], Meta(min_length=1, max_length=100)]
    balance: Balance = Balance.WEIGHTED
    hash_header: Annotated[str, Meta(max_length=100)] = ""
    health: Health = Health()
    connect_timeout_s: Seconds = 10.0
    first_byte_timeout_s: Seconds = 60.0
    idle_timeout_s: Seconds = 60.0
    total_timeout_s: Seconds = 600.0
    retries: Annotated[int, Meta(ge=0, le=5)] = 1
    retry_all: bool = False
    tls: Tls = Tls()
    host: Annotated[str, Meta(max_length=260)] = "upstream"
    headers: Headers = {}
    auth: Auth | None = None
    allow_private: bool = False
    plain: bool = False
    forwarded: bool = False
    identity_audience: Annotated[str, Meta(max_length=300)] = ""


class Condition(Part, frozen=True, kw_only=True):
    """A header or a query parameter that decides whether a route is taken.  Each that a request has may meet it."""

    where: Place = msgspec.field(name="in")
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    test: Test = msgspec.field(name="is", default=Test.EQUALS)
    value: Annotated[str, Meta(max_length=1_000)] = ""


class HeaderEdit(Part, frozen=True, kw_only=True):
    """Changes of headers, in this order: removed, set, added."""

    set: Headers = {}
    add: Headers = {}
    remove: Annotated[tuple[Header, ...], Meta(max_length=50)] = ()


class QueryEdit(Part, frozen=True, kw_only=True):
    """Changes of the query, in this order: removed, set, added."""

    set: Pairs = {}
    add: Pairs = {}
    remove: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=50)] = ()


class BodyEdit(Part, frozen=True, kw_only=True):
    """Changes of a JSON body by pointers (RFC 6901): removed, then set."""

    set: Annotated[Mapping[Pointer, Any], Meta(max_length=100)] = {}
    remove: Annotated[tuple[Pointer, ...], Meta(max_length=100)] = ()


class RequestEdit(Part, frozen=True, kw_only=True):
    """What is changed of a request.  `cookies`: the caller's go along, all but those of the gateway."""

    headers: HeaderEdit = HeaderEdit()
    query: QueryEdit = QueryEdit()
    body: BodyEdit = BodyEdit()
    cookies: bool = False


class ResponseEdit(Part, frozen=True, kw_only=True):
    """What is changed of an answer.  `status` maps one to another.  `cookies`: the upstream may set some."""

    headers: HeaderEdit = HeaderEdit()
    body: BodyEdit = BodyEdit()
    status: Annotated[Mapping[StatusKey, Status], Meta(max_length=50)] = {}
    cookies: bool = False


class Validate(Part, frozen=True, kw_only=True):
    """How strictly the document is kept to."""

    request: Strictness = Strictness.OFF
    response: Strictness = Strictness.OFF


class Cache(Part, frozen=True, kw_only=True):
    """How long answers to GET are kept that say nothing of it themselves (RFC 9111).

    `vary` are further headers of the caller's that tell answers apart. Kept for each token on its own unless `shared`.
    """

    ttl_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    vary: Annotated[tuple[Header, ...], Meta(max_length=10)] = ()
    shared: bool = False


class Cors(Part, frozen=True, kw_only=True):
    """Which pages of other origins may call from a browser.  `*` is any, and then without `credentials`."""

    origins: Annotated[tuple[Origin, ...], Meta(min_length=1, max_length=50)]
    headers: Annotated[tuple[Header, ...], Meta(max_length=50)] = ("authorization", "content-type")
    expose: Annotated[tuple[Header, ...], Meta(max_length=50)] = ()
    credentials: bool = False
    max_age_s: Annotated[int, Meta(ge=0, le=86_400)] = 600


class Terms(Part, frozen=True, kw_only=True):
    """How calls of a route are treated, and where they go.

    `identity`: the upstream gets the gateway's word on who calls. Bytes of a body are bounded by `max_body_bytes`,
    those of an answer by `max_answer_bytes`. `timeout_s` is for the whole call. `price_per_call` is in US dollars.
    `escaped_slashes`: a parameter of the path may hold a slash, sent and passed on as `%2F`; for upstreams that do not
    take it for one of the path.
    """

    upstream: Annotated[str, Meta(max_length=100)] = ""
    request: RequestEdit = RequestEdit()
    response: ResponseEdit = ResponseEdit()
    validate: Validate = Validate()
    mock: Mock = Mock.NEVER
    cache: Cache | None = None
    cors: Cors | None = None
    max_body_bytes: Annotated[int, Meta(ge=0, le=10_240 * MIB)] = 64 * MIB
    max_answer_bytes: Annotated[int, Meta(ge=0, le=10_240 * MIB)] = 1_024 * MIB
    timeout_s: Seconds | None = None
    price_per_call: Annotated[str, Meta(max_length=30)] | None = None
    identity: bool = False
    escaped_slashes: bool = False


class Route(Terms, frozen=True, kw_only=True):
    """What is called.  Its `name` is the last part of its scope.

    `path` is a template below the service: `/orders/{id}`, or `/files/{rest*}` for all below. `rewrite` is the path at
    the upstream, with the same parameters; without one the path stays. No `methods` are all.
    """

    name: Name
    path: Template
    methods: Annotated[tuple[Method, ...], Meta(max_length=20)] = ()
    match: Annotated[tuple[Condition, ...], Meta(max_length=20)] = ()
    rewrite: Template = ""
    summary: Annotated[str, Meta(max_length=500)] = ""


class Definition(Part, frozen=True, kw_only=True):
    """A REST service.

    `document` is an OpenAPI description. One with a document and no routes serves each operation of it, on the terms of
    `default`. Routes and operations whose names are in `disabled` keep their places, and calls of them are refused.
    """

    document: dict[str, Any] | None = None
    upstreams: Annotated[Mapping[Name, Upstream], Meta(max_length=50)] = {}
    routes: Annotated[tuple[Route, ...], Meta(max_length=2_000)] = ()
    default: Terms = Terms()
    disabled: Annotated[tuple[Name, ...], Meta(max_length=2_000)] = ()
