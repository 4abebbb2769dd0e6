"""A request as it goes up: where it goes is the route's matter alone, and nothing in it moves that.  Pure."""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from msgspec.structs import replace

from tollbridge import BadRequest, Call, Unavailable
from tollbridge_rest.backend import PASS_HOST, Backend
from tollbridge_rest.cors import value_of
from tollbridge_rest.definition import Cache, Route, Strictness
from tollbridge_rest.described import Described
from tollbridge_rest.exchange import Outgoing
from tollbridge_rest.headers import IDENTITY, Headers, edit_headers, headers_up, holds_token, without_marks_of_the_bytes
from tollbridge_rest.jsonbodies import JsonEdit, is_json, read_json, write_json
from tollbridge_rest.keeping import Key
from tollbridge_rest.queries import query_up
from tollbridge_rest.routing import Taken
from tollbridge_rest.templates import PathTemplate

_LOOKED_INTO = (b"accept-encoding", b"range", b"if-range")


@dataclass(frozen=True, slots=True)
class Course:
    """A route with all that was made of it when the release began to serve."""

    route: Route
    backend: Backend | None
    rewrite: PathTemplate | None
    request_edit: JsonEdit
    response_edit: JsonEdit
    described: Described | None

    @property
    def judges_requests(self) -> bool:
        """Whether requests are held against the document."""
        return self.described is not None and self.route.validate.request is not Strictness.OFF

    @property
    def judges_answers(self) -> bool:
        """Whether answers are."""
        return self.described is not None and self.route.validate.response is not Strictness.OFF

    @property
    def reads_answers(self) -> bool:
        """Whether an answer is needed whole, in plain bytes."""
        return bool(self.response_edit) or self.judges_answers


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as the caller sent it.  `path` is that of `find`, below the service's own, `root`."""

    call: Call
    method: str
    path: str
    query: bytes
    headers: Headers
    root: str = ""

    @property
    def host(self) -> str:
        return value_of(self.headers, b"host").decode("latin-1")


def outgoing(course: Course, taken: Taken, shown: Shown) -> Outgoing:
    """Give the request for an upstream, without what the gateway adds of its own.

    Raises `BadRequest` for what cannot be passed on, `Unavailable` where the gateway's word on who calls is missing.
    """
    route = course.route
    if any(map(holds_token, (shown.query, unquote_to_bytes(shown.query), shown.path.encode("utf-8", "replace")))):
        raise BadRequest("a token stands in the URL, where logs would keep it; send it in a header")
    template = course.rewrite or taken.way.template
    try:
        path = template.expand(taken.values)
        headers = headers_up(shown.headers, cookies=route.request.cookies, identity=route.identity)
    except ValueError as exc:
        raise BadRequest(f"this request cannot be passed on: {exc}") from None
    if route.identity and shown.call.principal is not None and not value_of(headers, IDENTITY):
        raise Unavailable(
            "the gateway gave no word on who calls, which this operation's upstream needs; tell its operator",
            code="identity_missing",
        )
    if course.request_edit:
        headers = without_marks_of_the_bytes(headers)
    headers = edit_headers(headers, route.request.headers)
    if course.reads_answers:
        headers = [*(pair for pair in headers if pair[0] not in _LOOKED_INTO), (b"accept-encoding", b"identity")]
    query = query_up(shown.query, route.request.query)
    target = f"{path}?{query}" if query else path
    return Outgoing(shown.method, target, shown.host, headers, _hash_key(course, shown))


def own_headers(course: Course, shown: Shown) -> Headers:
    """Give what the gateway tells an upstream of a call, where the caller's own words on that never go."""
    call = shown.call
    told = [(b"x-request-id", call.id.encode("ascii"))]
    if course.backend is None or not course.backend.upstream.forwarded:
        return told
    return [
        *told,
        (b"x-forwarded-for", call.client.encode("ascii", "replace")),
        (b"x-forwarded-host", shown.host.encode("latin-1")),
        (b"x-forwarded-proto", _scheme(call).encode("ascii", "replace")),
    ]


def told_host(course: Course, shown: Shown) -> str:
    """Give what an upstream hears of where a call was sent, as its answer may follow it; empty where it hears nothing.

    A host that the definition says is the same for all calls.
    """
    if course.backend is None:
        return ""
    upstream = course.backend.upstream
    if not upstream.forwarded and upstream.host != PASS_HOST:
        return ""
    return f"{_scheme(shown.call)}://{shown.host.lower()}"


def _scheme(call: Call) -> str:
    return str((call.native or {}).get("scheme", "http"))


def changed_body(course: Course, shown: Shown, content: bytes) -> bytes:
    """Give the body as the route changes it; raises `BadRequest` for one that it cannot change."""
    if not is_json(value_of(shown.headers, b"content-type").decode("latin-1")):
        raise BadRequest("this operation takes JSON alone; send it as application/json", status=415)
    try:
        return write_json(course.request_edit.apply(read_json(content)))
    except ValueError as exc:
        raise BadRequest(f"the body cannot be passed on: {exc}", param="body") from None


def owner_of(call: Call) -> str:
    """Say whose call it is, `-` for nobody's."""
    return call.principal.id if call.principal is not None else "-"


def cache_key(course: Course, shown: Shown, target: str) -> Key:
    """Give what the answer is kept under: of whom it may speak is in it, whatever is said of it later."""
    route, principal = course.route, shown.call.principal
    url = cache_url(course, target)
    if route.cache is not None and route.cache.shared:
        owner = ""
    elif principal is None or not route.identity:
        owner = owner_of(shown.call)
    else:  # all that the word on who calls says: another token's may say otherwise, and one of the same name later
        word = (principal.id, principal.name, principal.kind.value, principal.owner, principal.team)
        owner = "\n".join((*word, principal.environment.value, *principal.scopes.sure()))
    return Key(url, shown.path, f"{route.name} {owner} {told_host(course, shown)}")


def cache_url(course: Course, target: str) -> str:
    """Give the URL that an answer is kept under."""
    return f"{course.route.upstream}{target}"


def cache_rules(course: Course, shown: Shown) -> Cache | None:
    """Give the rules that an answer is kept by, None where none is: what nobody asked for is everybody's."""
    rules = course.route.cache
    return replace(rules, shared=True) if rules is not None and shown.call.principal is None else rules


def _hash_key(course: Course, shown: Shown) -> bytes:
    name = course.backend.upstream.hash_header.lower() if course.backend is not None else ""
    found = value_of(shown.headers, name.encode("ascii", "replace")) if name else b""
    return found or (owner_of(shown.call) + shown.call.client).encode("utf-8", "replace")
