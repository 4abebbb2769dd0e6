"""Sets of documents that can be applied, generated: small, and of all kinds."""

from typing import Any

from hypothesis import strategies as st

from tollbridge_ascode.shapes import Document, read_document
from tollbridge_ascode.specs import YES_OR_NO

_LETTERS = "aZ9 .,:;-_/#&%'\"{}[]<>!?*@=+|~`$\\äßЖ漢🌧"
_TRICKY = (
    "no",
    "null",
    "~",
    "0x1F",
    "1e3",
    "- a",
    "a: b",
    "# a",
    "{{x}}",
    "'",
    '"',
    "2026-01-01",
    ".",
    "=",
    "<b>",
    "%2e",
)
names = st.sampled_from(("a", "b-2", "no", "1", "null"))
lines = st.sampled_from(_TRICKY) | st.text(_LETTERS, max_size=12)
labels = lines.map(str.strip).filter(bool)
around = st.sampled_from(("", " ", "  "))
texts = st.lists(lines, max_size=3).map("\n".join)
amounts = st.sampled_from(("0", "1", "1.50", "0.000000001", "12345.6", "0010"))
moments = st.sampled_from(("2099-01-01T00:00:00Z", "2098-07-01T02:00:00.5+02:00"))
words = st.lists(st.sampled_from(("a", "b", "z-9", "no")), max_size=3, unique=True)


def some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give objects with some of their members."""
    return st.fixed_dictionaries({}, optional=members)


def blanked(name: str) -> st.SearchStrategy[str]:
    """Give a name with or without blanks around it."""
    return st.builds(lambda before, after: f"{before}{name}{after}", around, around)


budgets = st.builds(
    lambda usd, period: {"usd": usd, "period": period}, amounts, st.sampled_from(("day", "month", "total"))
)
policies = st.sampled_from(
    (
        {},
        {"seal": {}},
        {"stamp": {"word": "no: ~"}, "seal": {"word": ""}},
        {"seal": {"word": "漢"}, "stamp": {}},
    )
)
counts = st.integers(0, 10_000)
limits: dict[str, st.SearchStrategy[Any]] = {
    "requests_per_minute": counts,
    "tokens_per_minute": counts,
    "concurrency": counts,
}
bounds: dict[str, st.SearchStrategy[Any]] = {
    **limits,
    "budget": budgets,
    "from": st.lists(st.sampled_from(("10.0.0.7", "10.0.0.0/8", "2001:DB8::/32", "::1")), max_size=2),
    "hours": st.sampled_from(("mon-fri 08:00-18:00 Europe/Berlin", "sun,sat 22:00-06:00 UTC")),
}
off = {"disabled": st.booleans()}
given = st.lists(st.sampled_from(("ai:chat", "model:gpt-*", "service:a:*", "ai:*")), max_size=3)
teams = some(title=lines, description=texts, scopes=given.filter(bool), rotate_days=st.integers(1, 90), **off, **bounds)
plans = some(
    title=lines,
    description=texts,
    budget=budgets,
    price_per_call_usd=amounts,
    quota=some(calls=st.integers(1, 9)).map(lambda quota: {"calls": 7, "period": "day", **quota}),
    models=st.lists(st.sampled_from(("small*", "*", "a?b")), max_size=2),
    policies=policies,
    **limits,
)
applications = some(
    owner=lines,
    description=texts,
    scopes=given,
    tags=st.lists(st.sampled_from(("a", "b:c", "~")), max_size=3),
    metadata=st.dictionaries(st.sampled_from(("a", "unit")), st.sampled_from(("", "x", "a b")), max_size=2),
    **off,
    **bounds,
)
DEFINITIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "app": st.fixed_dictionaries(
        {
            "routes": st.just(
                [
                    {"name": "list", "path": "/orders", "summary": "All: of # them", "price_per_call": "0.0020"},
                    {"name": "one", "path": "/orders/{id}", "methods": ["GET", "PUT"], "max_body_bytes": 0},
                    {"name": "rest", "path": "/pictures/*", "public": True},
                ]
            )
        },
        optional={
            "prefix": st.sampled_from(("", "/shop")),
            "openapi": st.just(
                {
                    "openapi": "3.1.0",
                    "info": {"title": "no", "version": "1"},
                    "paths": {"/shop/orders": {"get": {"summary": "~", "responses": {"200": {"description": ""}}}}},
                }
            ),
        },
    ),
    "answering": st.fixed_dictionaries({"text": labels}, optional={"price": counts, "public": st.booleans()}),
    "rest": st.fixed_dictionaries(
        {
            "upstreams": st.just({"main": {"nodes": [{"url": "https://api.example.com/v1", "weight": 3}]}}),
            "routes": st.just([{"name": "look", "path": "/look/{at}", "methods": ["GET"], "upstream": "main"}]),
        }
    ),
    "mcp": st.fixed_dictionaries(
        {
            "url": st.just("https://mcp.example.com/mcp"),
            "tools": st.just([{"name": "look_*"}, {"name": "a", "rename": "b"}]),
        },
        optional={"prefix": st.sampled_from(("", "out_")), "timeout_s": st.sampled_from((1.5, 60.0))},
    ),
    "model": st.fixed_dictionaries(
        {"model": st.just("small")},
        optional={
            "system": texts,
            "defaults": some(temperature=st.sampled_from((0.0, 0.5)), stop=st.just(["no", "~"])),
            "fixed": some(max_output=st.integers(1, 100)),
        },
    ),
    "prompt": st.fixed_dictionaries(
        {"model": st.just("small"), "user": st.just("Say {{word}} in {{language}}.")},
        optional={
            "variables": st.just({"word": {"type": "string"}, "language": {"type": "string", "default": "no"}}),
            "system": texts.filter(lambda text: "{{" not in text),
            "parameters": some(temperature=st.sampled_from((0.0, 0.5)), max_output=st.integers(1, 100)),
        },
    ),
}


def designs(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"name": labels, "definition": DEFINITIONS[kind]},
        optional={
            "description": texts,
            "docs": texts,
            "category": st.sampled_from(("a", "a/b-2/no")),
            "tags": words,
            "contacts": st.just(
                [{"name": "Ada", "email": "ada@x.example"}, {"name": "Bob", "url": "https://x.example/b"}]
            ),
            "slos": st.just([{"name": "fast", "objective": 99.5, "latency_ms": 200}, {"name": "up", "window_days": 7}]),
            "visibility": st.sampled_from(("public", "internal")),
            "access": st.sampled_from(("subscription", "scope")),
            "approval": st.sampled_from(("auto", "manual")),
            "price_per_call_usd": amounts,
            "limits": some(**limits),
            "budget": budgets,
            "policies": policies,
        },
    )


@st.composite
def document_sets(draw: st.DrawFn) -> list[Document]:
    """Give a set of which each thing that is named is there."""
    made = {"Team": dict.fromkeys(draw(st.lists(names, max_size=2, unique=True)))}
    made["Plan"] = dict.fromkeys(draw(st.lists(names, max_size=2, unique=True)))
    found = [one("Team", name, draw(teams)) for name in made["Team"]]
    found += [one("Plan", name, draw(plans)) for name in made["Plan"]]
    owners = st.sampled_from(("", *made["Team"]))
    services = [
        draw(_services(slug, owners, tuple(made["Plan"]))) for slug in draw(st.lists(names, max_size=2, unique=True))
    ]
    callers = draw(st.lists(st.tuples(labels, owners), max_size=2, unique=True))
    found += services
    for name, team in callers:
        spaced = {"team": draw(blanked(team))}
        found.append(one("Application", draw(blanked(name)), {**draw(applications), **spaced}))
    for service in services:
        for caller in callers if service.spec.publish and service.spec.publish_at is None else ():
            if draw(st.booleans()):
                found.append(one("Subscription", draw(labels), draw(_subscriptions(caller, service))))
    return draw(st.permutations(found))


@st.composite
def _services(draw: st.DrawFn, slug: str, owners: st.SearchStrategy[str], plans: tuple[str, ...]) -> Document:
    kind = draw(st.sampled_from(sorted(DEFINITIONS)))
    design = draw(designs(kind))
    if "{{" in design["definition"].get("user", ""):
        design["definition"].setdefault("variables", {"word": {"type": "string"}, "language": {"type": "string"}})
    if plans and draw(st.booleans()):
        design["plans"] = list(plans)
    spec: dict[str, Any] = {"type": kind, "team": draw(owners.flatmap(blanked)), "design": design}
    if draw(st.booleans()):
        spec |= {
            "version": draw(st.sampled_from(("1", "1.2.0-rc"))),
            "note": draw(texts),
            "publish": draw(st.booleans()),
        }
    spec |= draw(some(paused=st.just(True) | texts.filter(lambda text: text.strip().lower() not in YES_OR_NO)))
    if spec.get("publish"):
        spec |= draw(some(deprecated=some(sunset_at=moments, successor=names)))
        spec |= draw(some(publish_at=moments)) if "deprecated" not in spec else {}
    return one("Service", slug, spec)


@st.composite
def _subscriptions(draw: st.DrawFn, caller: tuple[str, str], service: Document) -> dict[str, Any]:
    plans = service.spec.design.plans
    said = {"application": draw(blanked(caller[0])), "team": draw(blanked(caller[1])), "service": service.name}
    said |= {"why": draw(texts)}
    said |= {"plan": draw(st.sampled_from(plans))} if plans else {}
    if draw(st.booleans()):
        said |= {"approved": True}
        said |= draw(some(expires_at=moments))
    return said


def one(kind: str, name: str, spec: dict[str, Any]) -> Document:
    """Give a document."""
    return read_document({"kind": kind, "name": name, "spec": spec}, f"{kind} {name}")
