"""What keeps a REST service from being published, and what is doubtful about it.  Pure: no name is resolved."""

import re
from collections.abc import Callable, Iterator

import msgspec

from tollbridge.administering import clear_secrets, parse_usd
from tollbridge.services.kinds import Problem
from tollbridge.transport.guard import endpoint_of, is_plainly_private
from tollbridge_rest.backend import OWN_HOST, PASS_HOST, read_node
from tollbridge_rest.conditions import make_condition
from tollbridge_rest.credentials import is_reference
from tollbridge_rest.definition import (
    Balance,
    Cors,
    Definition,
    HeaderEdit,
    Mock,
    Route,
    Scheme,
    Strictness,
    Terms,
    Upstream,
)
from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.checking import problems_of as document_problems
from tollbridge_rest.headers import is_value, may_be_answered, may_be_edited
from tollbridge_rest.jsonbodies import JsonEdit
from tollbridge_rest.line import is_target
from tollbridge_rest.making import read_definition
from tollbridge_rest.pool import make_context
from tollbridge_rest.routing import NEVER
from tollbridge_rest.templates import PathTemplate, check_plain, read_template

MOST_PROBLEMS = 200
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


def problems_of(definition: Definition) -> list[Problem]:
    """List what is wrong, at most `MOST_PROBLEMS`."""
    found: list[Problem] = []
    for problem in _problems(definition):
        found.append(problem)
        if len(found) == MOST_PROBLEMS:
            break
    return found


def _problems(definition: Definition) -> Iterator[Problem]:
    sent = {name: msgspec.to_builtins(getattr(definition, name)) for name in ("upstreams", "routes", "default")}
    for path in clear_secrets(sent):
        if path[-2:] != ("auth", "key"):  # of which more is said below
            where, how = "/".join(path), "store it, and write stored:NAME into the headers of its upstream"
            yield Problem(where, f"a secret does not belong in here; {how}")
    for name, upstream in definition.upstreams.items():
        yield from _of_upstream(f"upstreams/{name}", upstream)
    try:
        meant = read_definition(definition)
    except BadDocument as exc:
        where = f"document/{exc.param}" if exc.param else "document"
        yield Problem(where, exc.message)
        return
    if definition.routes and definition.default != Terms():
        yield Problem("default", "it is of no effect beside routes, which have terms of their own", warning=True)
    if not meant.served:
        how = "leave one of them enabled" if meant.routes else "add a route, or an OpenAPI document with operations"
        yield Problem("disabled" if meant.routes else "routes", f"there is nothing to call: {how}")
    known = {route.name for route in meant.routes}
    for place, name in enumerate(definition.disabled):
        if name not in known:
            yield Problem(f"disabled/{place}", f"no route, and no operation of the document, is called {name!r}")
    if meant.document is not None and any(map(_is_held, meant.routes)):
        yield from document_problems(meant.document)
    at = "routes" if definition.routes else "default"
    names: dict[str, int] = {}
    places: dict[tuple[object, ...], dict[str, str]] = {}
    told: set[tuple[str, str]] = set()
    for place, route in enumerate(meant.routes):
        where = f"{at}/{place}" if definition.routes else at
        for problem in _of_route(where, route, definition):
            if (problem.field, problem.message) not in told:  # what is said of all routes of a document, said once
                told.add((problem.field, problem.message))
                yield problem
        if route.name in names:
            yield Problem(f"{where}/name", f"the route {names[route.name]} is called {route.name!r} too; name it anew")
        names.setdefault(route.name, place)
        taking = places.setdefault(_shape(route), {})
        for method in route.methods or ("*",):
            first = taking.get("*") or taking.get(method)
            if method == "HEAD" and definition.routes:  # an operation of a document may describe it beside GET
                first = first or taking.get("GET")
            if first:
                yield Problem(f"{where}/path", f"the route {first!r} takes all calls of {method} before this one")
                break
        for method in route.methods or ("*",):
            taking.setdefault(method, route.name)


def _is_held(route: Route) -> bool:
    """Whether calls of a route are held against the document, or made up from it."""
    off = Strictness.OFF
    return route.validate.request is not off or route.validate.response is not off or route.mock is not Mock.NEVER


def _shape(route: Route) -> tuple[object, ...]:
    """Give what two routes must differ in: names of parameters make no difference."""
    conditions = frozenset((each.where, each.name.lower(), each.test, each.value) for each in route.match)
    try:
        template = read_template(route.path)
    except ValueError:
        return (route.path, conditions)
    return (tuple(segment.texts for segment in template.segments), bool(template.rest), conditions)


def _said(where: str, check: Callable[[], object]) -> Iterator[Problem]:
    """Give the problem that a check raises as `ValueError`."""
    try:
        check()
    except ValueError as exc:
        yield Problem(where, str(exc))


# upstreams


def _of_upstream(at: str, upstream: Upstream) -> Iterator[Problem]:
    if all(node.backup for node in upstream.nodes):
        yield Problem(f"{at}/nodes", "every node is a backup; one must not be")
    for place, node in enumerate(upstream.nodes):
        yield from _of_node(f"{at}/nodes/{place}/url", node.url, upstream)
    if upstream.host not in (PASS_HOST, OWN_HOST):
        yield from _said(f"{at}/host", lambda: _check_host(upstream.host))
    if upstream.balance is Balance.HASH and upstream.hash_header and not may_be_edited(upstream.hash_header):
        yield Problem(f"{at}/hash_header", "callers cannot be told apart by a header that is for one hop")
    if upstream.health.path:
        yield from _said(f"{at}/health/path", lambda: _check_path(upstream.health.path))
    if upstream.identity_audience and not _URI.fullmatch(upstream.identity_audience):
        yield Problem(f"{at}/identity_audience", "an audience is a URI, such as https://orders.example: no slug is one")
    if upstream.tls.ca:
        yield from _said(f"{at}/tls/ca", lambda: make_context(upstream.tls))
    if upstream.tls.server_name:
        yield from _said(f"{at}/tls/server_name", lambda: _check_name(upstream.tls.server_name))
    if not upstream.tls.verify:
        yield Problem(f"{at}/tls/verify", "nodes need not prove who they are: anybody between could be one", True)
    if upstream.allow_private:
        yield Problem(
            f"{at}/allow_private", "private addresses are dialled only where [services] allow_private is set", True
        )
    if upstream.auth is not None and not is_reference(upstream.auth.key):
        yield Problem(f"{at}/auth/key", "name where the key is kept: stored:NAME, env:NAME or file:PATH")
    if upstream.auth is not None and upstream.auth.scheme is Scheme.HEADER and not may_be_edited(upstream.auth.name):
        name = upstream.auth.name
        yield Problem(f"{at}/auth/name", f"{name} frames a message or is the gateway's own; show the key in another")
    yield from _of_headers(f"{at}/headers", HeaderEdit(set=upstream.headers))
    secret = upstream.auth is not None or any(map(is_reference, upstream.headers.values()))
    if upstream.plain and secret:
        yield Problem(f"{at}/plain", "a credential never goes to a public address without TLS; use https://")


def _of_node(at: str, url: str, upstream: Upstream) -> Iterator[Problem]:
    try:
        read_node(url)
    except ValueError as exc:
        yield Problem(at, f"{url[:200]!r} cannot be asked: {exc}")
        return
    if upstream.allow_private:
        return
    if is_plainly_private(url):
        yield Problem(
            at, "it leads to this machine or a private network; allow_private lets it, where the operator does"
        )
    elif endpoint_of(url).scheme == "http" and not upstream.plain:
        yield Problem(at, "it is asked without TLS; use https://, or say plain for one that needs no secrecy")


def _check_host(host: str) -> None:
    if not host.isascii() or any(char in host for char in "/?#@\\ ") or not host.isprintable() or not host:
        raise ValueError(f"{host[:100]!r} is no host name")


def _check_name(host: str) -> None:
    """Refuse what no certificate can be for: TLS asks for names whose labels have 1 to 63 signs."""
    _check_host(host)
    try:
        named = host.rstrip(".").encode("idna")
    except UnicodeError:
        named = b""
    if not named:
        raise ValueError(f"{host[:100]!r} is no host name")


def _check_path(path: str) -> None:
    if not path.startswith("/"):
        raise ValueError("it begins with '/'")
    plain, _, query = path.partition("?")
    check_plain(plain)
    if not is_target(path) or "#" in query:
        raise ValueError('it is written in visible ASCII, as in a URL, where ", < and > are escaped')


# routes


def _of_route(at: str, route: Route, definition: Definition) -> Iterator[Problem]:
    template = None
    try:
        template = read_template(route.path)
    except ValueError as exc:
        yield Problem(f"{at}/path", f"{route.path[:200]!r}: {exc}")
    if route.rewrite:
        yield from _said(f"{at}/rewrite", lambda: _check_rewrite(route.rewrite, template))
    yield from _of_upstream_name(at, route, definition)
    for method in route.methods:
        if method in NEVER:
            yield Problem(f"{at}/methods", f"{method} is never passed on")
    for place, condition in enumerate(route.match):
        yield from _said(f"{at}/match/{place}", lambda condition=condition: make_condition(condition))  # type: ignore[misc]  # bound now
    yield from _of_headers(f"{at}/request/headers", route.request.headers)
    for name, value in (*route.request.headers.set.items(), *route.request.headers.add.items()):
        if is_reference(value):
            yield Problem(f"{at}/request/headers/{name}", "a secret is read in the headers of an upstream alone", True)
    yield from _of_headers(f"{at}/response/headers", route.response.headers)
    for name, value in (*route.response.headers.set.items(), *route.response.headers.add.items()):
        if not may_be_answered(name, value):
            yield Problem(f"{at}/response/headers/{name}", "it speaks to browsers for the gateway's own origin")
    yield from _said(f"{at}/request/body", lambda: JsonEdit(route.request.body))
    yield from _said(f"{at}/response/body", lambda: JsonEdit(route.response.body))
    if route.price_per_call is not None:
        yield from _said(f"{at}/price_per_call", lambda: parse_usd(str(route.price_per_call)))
    if definition.document is None:
        yield from _of_no_document(at, route)
    if route.cache is not None and route.cache.shared and (route.identity or route.request.cookies):
        yield Problem(f"{at}/cache/shared", "an answer made for who calls must not be given to others")
    if route.cors is not None:
        yield from _of_cors(f"{at}/cors", route.cors)


def _check_rewrite(text: str, template: PathTemplate | None) -> None:
    rewrite = read_template(text)
    if template is None:
        return
    unknown = [name for name in rewrite.names if name not in template.names]
    if unknown:
        known = ", ".join(template.names) or "none"
        raise ValueError(f"the path has no parameter {unknown[0]!r}; it has: {known}")
    if template.rest and template.rest in rewrite.names[: -1 if rewrite.rest else None]:
        raise ValueError(f"the rest {template.rest!r} holds slashes: write {{{template.rest}*}} at the end")
    if rewrite.rest and rewrite.rest != template.rest:
        raise ValueError(f"{rewrite.rest!r} is no rest of the path")


def _of_upstream_name(at: str, route: Route, definition: Definition) -> Iterator[Problem]:
    if route.upstream in definition.upstreams or (route.mock is Mock.ALWAYS and not route.upstream):
        return
    known = ", ".join(sorted(definition.upstreams)) or "none"
    if route.upstream:
        yield Problem(f"{at}/upstream", f"there is no upstream {route.upstream!r}; there are: {known}")
    else:
        yield Problem(f"{at}/upstream", f"say which upstream it goes to; there are: {known}")


def _of_no_document(at: str, route: Route) -> Iterator[Problem]:
    if route.mock is not Mock.NEVER:
        yield Problem(f"{at}/mock", "answers are made up from an OpenAPI document, and there is none")
    for name in ("request", "response"):
        if getattr(route.validate, name) is not Strictness.OFF:
            yield Problem(f"{at}/validate/{name}", "it is held against an OpenAPI document, and there is none")


def _of_headers(at: str, edit: HeaderEdit) -> Iterator[Problem]:
    for name in (*edit.set, *edit.add, *edit.remove):
        if not may_be_edited(name):
            yield Problem(f"{at}/{name}", f"{name} frames a message or is the gateway's own; leave it out")
    for name, value in (*edit.set.items(), *edit.add.items()):
        if not is_value(value):
            yield Problem(f"{at}/{name}", "a header's value is one line without blanks around it")


def _of_cors(at: str, cors: Cors) -> Iterator[Problem]:
    if "*" in cors.origins and cors.credentials:
        yield Problem(f"{at}/credentials", "any page could then call with its reader's cookies; name the origins")
    for origin in cors.origins:
        scheme, marks, host = origin.partition("://")
        if origin != "*" and (not marks or not scheme.isalnum() or not host or any(char in host for char in "/?# @")):
            yield Problem(f"{at}/origins", f"{origin[:100]!r} is no origin; one is such as https://app.example.com")
