"""REST services of APIPark: routes with what is changed on the way, and upstreams."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.naming import slug, unused
from tollbridge_migrate.placing import is_private
from tollbridge_migrate.reading import a_count, a_list, a_number, a_text, an_object, may_be_secret

Row = Mapping[str, Any]
_UPSTREAM = "main"
_REST = "rest"
_ADDRESS = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:/[!-~]{0,500})?")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_BALANCE = {"ip-hash": "hash"}
_TESTS = {"EQUAL": "equals", "PREFIX": "prefix", "EXIST": "exists", "UNEQUAL": "not", "REGEXP": "regex"}
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}|:([A-Za-z_][A-Za-z0-9_]{0,63})")
_MOST_NODES, _MOST_ROUTES, _MOST_RULES, _MOST_HEADERS = 100, 2_000, 20, 50


class _Unfit(Exception):
    """A route cannot be carried over; says why."""


def rest_definition(
    name: str,
    service: Row,
    routes: Sequence[Row],
    upstreams: Sequence[Row],
    *,
    place: tuple[str, str],
    gathering: Gathering,
) -> dict[str, Any]:
    """Give the definition of a REST service, and say what is not in it; `place` are its team and its slug."""
    made: dict[str, Any] = {}
    upstream = _upstream(name, upstreams[0], place, gathering) if upstreams else {}
    if upstream.get("nodes"):
        made["upstreams"] = {_UPSTREAM: upstream}
    elif not upstreams:
        gathering.left("upstream", name, "the service has none; say where it is before it is published")
    for row in upstreams[1:]:
        gathering.left("upstream", f"{name}: {a_text(row.get('name'))}", "a service has one there, and this is another")
    prefix = f"/{a_text(service.get('prefix')).strip('/')}"
    found: dict[str, Row] = {}
    for row in routes[:_MOST_ROUTES]:
        shown = f"{name}: {a_text(row.get('path'))}"
        try:
            wish = slug(a_text(row.get("name")) or a_text(row.get("path")), "route")
            found[unused(wish, found)] = _route(row, prefix, shown, gathering)
        except _Unfit as exc:
            gathering.left("route", shown, str(exc))
    made["routes"] = [{"name": its, **route} for its, route in found.items()]
    if len(routes) > _MOST_ROUTES:
        gathering.left("routes", name, f"{len(routes) - _MOST_ROUTES} more than a service has")
    return made


def _upstream(name: str, row: Row, place: tuple[str, str], gathering: Gathering) -> Row:
    lost: list[str] = []
    scheme = "http" if a_text(row.get("scheme")).upper() == "HTTP" else "https"
    nodes: list[dict[str, Any]] = []
    for one in map(an_object, a_list(row.get("nodes"))[:_MOST_NODES]):
        address, weight = a_text(one.get("address")), a_count(one.get("weight")) or 1
        if _ADDRESS.fullmatch(address):
            nodes.append({"url": f"{scheme}://{address}", "weight": min(weight, 100)})
        else:
            lost.append("a node whose address cannot be read")
    made: dict[str, Any] = {"nodes": nodes}
    balance = _BALANCE.get(a_text(row.get("balance")))
    if balance:
        made["balance"] = balance
    seconds, retries = a_number(row.get("timeout")), a_count(row.get("retry"))
    if seconds and 0 < seconds <= 3_600_000:
        made["total_timeout_s"] = float(seconds / 1000)
    if retries:
        made["retries"] = min(retries, 5)
    host = {"pass": "pass", "rewrite": a_text(row.get("upstream_host"))}.get(a_text(row.get("pass_host")))
    if host:
        made["host"] = host
    headers = _upstream_headers(name, row, place, gathering)
    if headers:
        made["headers"] = headers
    if not nodes:
        lost.append("it has no node that can be asked; say where it is before it is published")
    if any(is_private(node["url"]) for node in nodes):
        made["allow_private"] = True
        lost.append("private addresses, which take [services] allow_private too")
    elif scheme == "http" and nodes:
        made["plain"] = True
        lost.append("calls to it are not encrypted")
    if row.get("discover"):
        lost.append("its nodes are looked up there; write them down here")
    if row.get("limit_peer_second"):
        lost.append("its limit of calls a second: limits are those of the service and of plans")
    over = len(a_list(row.get("nodes"))) - _MOST_NODES
    if over > 0:
        lost.append(f"{over} more nodes than an upstream has")
    if not nodes:
        gathering.left("upstream", name, "; ".join(dict.fromkeys(lost)))
    elif lost:
        gathering.partly("upstream", name, "; ".join(dict.fromkeys(lost)))
    else:
        gathering.carried("upstream", name, f"with {len(nodes)} nodes")
    return made


def _upstream_headers(name: str, row: Row, place: tuple[str, str], gathering: Gathering) -> dict[str, str]:
    """Give the headers that go along; a value that may be a secret is stored, and named by reference."""
    made: dict[str, str] = {}
    said = a_list(row.get("proxy_headers"))
    if len(said) > _MOST_HEADERS:
        gathering.left("headers", name, f"{len(said) - _MOST_HEADERS} more than are read of an upstream")
    for one in map(an_object, said[:_MOST_HEADERS]):
        key, value = a_text(one.get("key")), a_text(one.get("value"))
        if not _HEADER.fullmatch(key) or a_text(one.get("opt_type")).upper() == "DELETE" or not value.isprintable():
            gathering.left("header", f"{name}: {key}", "of an upstream, headers are only added")
        elif may_be_secret(key, value):
            made[key] = gathering.stored(value, f"the header {key} of the upstream of {place[1]}", *place, slug(key))
        else:
            made[key] = value
    return made


def _route(row: Row, prefix: str, shown: str, gathering: Gathering) -> Row:
    proxy = an_object(row.get("proxy"))
    made: dict[str, Any] = {"upstream": _UPSTREAM} | _paths(a_text(row.get("path")), a_text(proxy.get("path")), prefix)
    rules = [_rule(an_object(one)) for one in a_list(row.get("match"))]
    if len(rules) > _MOST_RULES:
        raise _Unfit(f"it has over {_MOST_RULES} conditions")
    if rules:
        made["match"] = rules
    methods = [one for one in a_list(row.get("method")) if isinstance(one, str) and one.isupper() and one.isalpha()]
    if methods:
        made["methods"] = methods
    summary = a_text(row.get("description"))[:500]
    if summary:
        made["summary"] = summary
    seconds = a_number(proxy.get("timeout"))
    if seconds and 0 < seconds <= 3_600_000:
        made["timeout_s"] = float(seconds / 1000)
    edit = _headers(a_list(proxy.get("headers")), shown, gathering)
    if edit:
        made["request"] = {"headers": edit}
    lost = [] if methods else ["it takes every method, for the export names none"]
    lost += [f"the plugin {name[:40]}" for name in plugins_of(row)]
    if proxy.get("extends"):
        lost.append("what its proxy is extended by")
    if proxy.get("retry"):
        lost.append("its retries: those of the upstream hold")
    if lost:
        gathering.partly("route", shown, "; ".join(lost[:8]))
    else:
        gathering.carried("route", shown, f"as {made['path']}")
    return made


def plugins_of(route: Row) -> Row:
    """Give the plugins of a route that are not disabled."""
    found = an_object(an_object(route.get("proxy")).get("plugins"))
    return {name: one for name, one in found.items() if an_object(one).get("disable") is not True}


def _paths(path: str, proxied: str, prefix: str) -> dict[str, str]:
    """Give the path below the service, and the one at the upstream; raises `_Unfit`.

    A path that ends with `*` is all below what stands before it, which the upstream's path takes the place of
    (gateway/apinto/entity/router.go).
    """
    ours, theirs = _template(path), _template(proxied or path)
    if ours.startswith(f"{prefix}/") and prefix != "/":
        ours = ours[len(prefix) :]
    elif ours == prefix:
        ours = "/"
    if ours.endswith("*"):
        head = ours[:-1]
        if not head.endswith("/"):
            raise _Unfit("its path ends within a word; write two routes in its place")
        return {"path": f"{head}{{{_REST}*}}", "rewrite": f"{theirs.rstrip('*').rstrip('/')}/{{{_REST}*}}"}
    if "*" in ours or "*" in theirs:
        raise _Unfit("a * that is not the end of its path has no counterpart")
    missing = set(re.findall(r"\{\w+\}", theirs)) - set(re.findall(r"\{\w+\}", ours))
    if missing:
        raise _Unfit("the path at its upstream names a parameter that its own path has not")
    return {"path": ours, **({"rewrite": theirs} if theirs != ours else {})}


def _template(path: str) -> str:
    """Give a path with parameters as we write them; raises `_Unfit`."""
    made = _PARAMETER.sub(lambda found: f"{{{found[1] or found[2]}}}", path)
    if not made.startswith("/") or len(made) > 900 or not made.isascii() or not made.isprintable() or " " in made:
        raise _Unfit("its path cannot be one here")
    if re.search(r"[{}]", re.sub(r"\{\w+\}", "", made)) or any(part in (".", "..") for part in made.split("/")):
        raise _Unfit("its path cannot be one here")
    return made


def _rule(one: Row) -> Row:
    """Give a condition; raises `_Unfit` for one that cannot be held here: without it the route would take more."""
    test, where, key = _TESTS.get(a_text(one.get("match_type"))), a_text(one.get("position")), a_text(one.get("key"))
    if test is None or where not in ("header", "query") or not key or len(key) > 200:
        kind = f"{where[:20]} {a_text(one.get('match_type'))[:20]}"
        raise _Unfit(f"its condition ({kind}) has no counterpart, and without it the route would take more")
    value = a_text(one.get("pattern"))
    return {"in": where, "name": key, "is": test, **({"value": value} if value and test != "exists" else {})}


def _headers(said: Sequence[Any], shown: str, gathering: Gathering) -> dict[str, Any]:
    """Give the changes of headers; one whose value may be a secret is left, for here its value stands in clear."""
    put: dict[str, str] = {}
    gone: list[str] = []
    if len(said) > _MOST_HEADERS:
        gathering.left("headers", shown, f"{len(said) - _MOST_HEADERS} more than are read of a route")
    for one in map(an_object, said[:_MOST_HEADERS]):
        key, value = a_text(one.get("key")), a_text(one.get("value"))
        if not _HEADER.fullmatch(key) or not value.isprintable():
            gathering.left("header", f"{shown}: {key}", "it cannot be sent")
        elif a_text(one.get("optType")).upper() == "DELETE" or a_text(one.get("opt")).upper() == "DELETE":
            gone.append(key)
        elif may_be_secret(key, value):
            gathering.left("header", f"{shown}: {key}", "it may hold a secret: put it into headers of the upstream")
        else:
            put[key] = value
    return {**({"set": put} if put else {}), **({"remove": gone} if gone else {})}
