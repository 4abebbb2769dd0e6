"""What keeps a service from being published."""

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate
from tests.plugins.rest.conftest import FakeGateway, define, head, route, running, upstream
from tests.plugins.rest.test_edits import DOCUMENT

from tollbridge.services.kinds import About, Problem
from tollbridge_rest.definition import Definition
from tollbridge_rest.kind import RestKind

KIND = RestKind()
GOOD = {"nodes": [{"url": "https://api.example/v1"}]}


def problems(upstreams: Any = None, routes: Any = (), **more: Any) -> list[Problem]:
    return list(KIND.check(define({"main": GOOD} if upstreams is None else upstreams, routes, **more)))


def test_service_that_is_in_order_has_none() -> None:
    more = {"auth": {"key": "stored:api"}, "health": {"path": "/health?x=1"}, "host": "pass"}
    edits = {"request": {"headers": {"set": {"x-a": "1"}}, "body": {"set": {"/a": 1}}}, "rewrite": "/v2/{rest*}"}

    assert problems({"main": {**GOOD, **more}}, [route(**edits, price_per_call="0.001")]) == []
    assert problems(document=DOCUMENT) == []


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"nodes": [{"url": "https://a.example", "backup": True}]}, "nodes", "every node is a backup"),
        ({"nodes": [{"url": "http://127.0.0.1"}]}, "nodes/0/url", "private"),
        ({"nodes": [{"url": "http://localhost:80"}]}, "nodes/0/url", "private"),
        ({"nodes": [{"url": "https://169.254.169.254"}]}, "nodes/0/url", "private"),
        ({"nodes": [{"url": "http://api.example"}]}, "nodes/0/url", "without TLS"),
        ({"nodes": [{"url": "ftp://api.example"}]}, "nodes/0/url", "not dialled"),
        ({"nodes": [{"url": "https://u:p@api.example"}]}, "nodes/0/url", "user information"),
        ({"nodes": [{"url": "https://api.example?a"}]}, "nodes/0/url", "query"),
        ({"nodes": [{"url": "https://api.example/a/../b"}]}, "nodes/0/url", "plain form"),
        ({"nodes": [{"url": "https://2130706433"}]}, "nodes/0/url", "no host name"),
        ({"nodes": [{"url": 'https://a.example/"b'}]}, "nodes/0/url", "no request can"),
        ({"nodes": [{"url": "https://a.example/<b>"}]}, "nodes/0/url", "no request can"),
        ({"host": "a b"}, "host", "no host name"),
        ({"host": "a/b"}, "host", "no host name"),
        ({"health": {"path": "health"}}, "health/path", "begins with"),
        ({"health": {"path": "/a//b"}}, "health/path", "no '//'"),
        ({"health": {"path": "/ä"}}, "health/path", "ASCII"),
        ({"health": {"path": '/he"alth'}}, "health/path", "ASCII"),
        ({"health": {"path": "/h?x=<y>"}}, "health/path", "ASCII"),
        ({"tls": {"ca": "nonsense"}}, "tls/ca", "no certificates"),
        ({"tls": {"server_name": "a b"}}, "tls/server_name", "no host name"),
        ({"tls": {"server_name": ".x"}}, "tls/server_name", "no host name"),
        ({"tls": {"server_name": "a..b"}}, "tls/server_name", "no host name"),
        ({"tls": {"server_name": "."}}, "tls/server_name", "no host name"),
        ({"tls": {"server_name": "a" * 64}}, "tls/server_name", "no host name"),
        ({"auth": {"key": "stored:a", "scheme": "header", "name": "Content-Length"}}, "auth/name", "frames a message"),
        ({"auth": {"key": "stored:a", "scheme": "header", "name": "host"}}, "auth/name", "frames a message"),
        ({"auth": {"key": "s3cret"}}, "auth/key", "stored:NAME"),
        ({"headers": {"Authorization": "Bearer s3cret"}}, "headers/Authorization", "a secret does not belong in here"),
        ({"headers": {"Host": "x"}}, "headers/Host", "frames a message"),
        ({"headers": {"x-a": "a\nb"}}, "headers/x-a", "one line"),
        ({"plain": True, "auth": {"key": "stored:a"}}, "plain", "without TLS"),
        ({"plain": True, "headers": {"x-a": "env:A"}}, "plain", "without TLS"),
        ({"balance": "hash", "hash_header": "connection"}, "hash_header", "one hop"),
    ],
)
def test_upstream_that_cannot_be_is_told(changed: dict[str, Any], field: str, says: str) -> None:
    (found,) = problems({"main": {**GOOD, **changed}}, [route()])

    assert (found.field, found.warning) == (f"upstreams/main/{field}", False)
    assert says in found.message
    assert "s3cret" not in found.message


@pytest.mark.parametrize(
    ("changed", "field"), [({"allow_private": True}, "allow_private"), ({"tls": {"verify": False}}, "tls/verify")]
)
def test_what_is_doubtful_is_a_warning(changed: dict[str, Any], field: str) -> None:
    (found,) = problems({"main": {**GOOD, **changed}}, [route()])

    assert (found.field, found.warning) == (f"upstreams/main/{field}", True)


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"upstream": ""}, "upstream", "there are: main"),
        ({"upstream": "other"}, "upstream", "no upstream 'other'"),
        ({"path": "a"}, "path", "begins with '/'"),
        ({"path": "/{a}{b}"}, "path", "side by side"),
        ({"path": "/a/{id}", "rewrite": "/{other}"}, "rewrite", "no parameter 'other'; it has: id"),
        ({"rewrite": "/{rest}"}, "rewrite", "{rest*}"),
        ({"path": "/a/{id}", "rewrite": "/{id*}"}, "rewrite", "no rest"),
        ({"rewrite": "v2"}, "rewrite", "begins with '/'"),
        ({"methods": ["TRACE"]}, "methods", "never passed on"),
        ({"match": [{"in": "query", "name": "a", "is": "regex", "value": "("}]}, "match/0", "no pattern"),
        ({"request": {"headers": {"remove": ["Via"]}}}, "request/headers/Via", "frames"),
        ({"response": {"headers": {"add": {"x-tollbridge-a": "1"}}}}, "response/headers/x-tollbridge-a", "frames"),
        ({"response": {"headers": {"set": {"Clear-Site-Data": "*"}}}}, "response/headers/Clear-Site-Data", "browsers"),
        (
            {"response": {"headers": {"add": {"set-cookie": "tollbridge_session=1"}}}},
            "response/headers/set-cookie",
            "browsers",
        ),
        ({"request": {"headers": {"set": {"X-Api-Key": "s"}}}}, "request/headers/set/X-Api-Key", "does not belong"),
        ({"request": {"body": {"remove": ["a"]}}}, "request/body", "no JSON pointer"),
        ({"response": {"body": {"set": {"/~2": 1}}}}, "response/body", "'~'"),
        ({"price_per_call": "much"}, "price_per_call", "not an amount"),
        ({"mock": "always"}, "mock", "there is none"),
        ({"validate": {"request": "warn"}}, "validate/request", "there is none"),
        ({"validate": {"response": "refuse"}}, "validate/response", "there is none"),
        ({"cache": {"shared": True}, "identity": True}, "cache/shared", "others"),
        ({"cache": {"shared": True}, "request": {"cookies": True}}, "cache/shared", "others"),
        ({"cors": {"origins": ["*"], "credentials": True}}, "cors/credentials", "any page"),
        ({"cors": {"origins": ["app.example"]}}, "cors/origins", "no origin"),
        ({"cors": {"origins": ["https://app.example/"]}}, "cors/origins", "no origin"),
    ],
)
def test_route_that_cannot_be_is_told(changed: dict[str, Any], field: str, says: str) -> None:
    (found,) = problems(routes=[route(**changed)])

    assert (found.field, found.warning) == (f"routes/0/{field}", False)
    assert says in found.message


def test_reference_that_nothing_reads_is_doubtful() -> None:
    (found,) = problems(routes=[route(request={"headers": {"set": {"x-key": "stored:api"}}})])

    assert (found.field, found.warning) == ("routes/0/request/headers/x-key", True)


@pytest.mark.parametrize(
    ("first", "second", "method"),
    [
        ([], [], "*"),
        ([], ["GET", "POST"], "GET"),
        (["GET"], ["HEAD"], "HEAD"),
        (["POST"], ["PUT", "POST"], "POST"),
        (["GET"], [], ""),
        (["HEAD"], ["GET"], ""),
        (["GET"], ["POST"], ""),
    ],
)
def test_route_behind_one_that_takes_its_calls_is_told(first: list[str], second: list[str], method: str) -> None:
    found = problems(routes=[route("/a/{b}", methods=first), route("/a/{c}", name="behind", methods=second)])

    told = [("routes/1/path", f"the route 'all' takes all calls of {method} before this one")]
    assert [(each.field, each.message) for each in found] == (told if method else [])


def test_routes_that_are_the_same_are_told() -> None:
    name = problems(routes=[route("/a"), route("/b")])
    path = problems(routes=[route("/a/{x}", name="a"), route("/a/{y}", name="b"), route("/a/{y}/", name="c")])
    methods = problems(routes=[route("/a", name="a", methods=["GET"]), route("/a", name="b", methods=["POST", "GET"])])
    other = [route("/a", name="b", match=[{"in": "query", "name": "v"}]), route("/a", name="a")]

    assert [(problem.field, "'all'" in problem.message) for problem in name] == [("routes/1/name", True)]
    assert [problem.field for problem in path] == ["routes/1/path"]
    assert [problem.field for problem in methods] == ["routes/1/path"]
    assert problems(routes=other) == []


def test_service_of_nothing_is_told() -> None:
    assert [problem.field for problem in problems()] == ["routes"]


def test_document_that_cannot_be_read_is_told() -> None:
    (found,) = problems(document={"openapi": "2.0"})

    assert found.field.startswith("document")


def test_document_with_two_upstreams_must_say_which_once() -> None:
    (found,) = problems({"a": GOOD, "b": GOOD}, document=DOCUMENT)

    assert found.field == "default/upstream"
    assert problems({"a": GOOD, "b": GOOD}, document=DOCUMENT, default={"upstream": "b"}) == []


def test_problems_are_bounded() -> None:
    assert len(problems(routes=[route("x", name=f"r{n}") for n in range(500)])) == 200


@pytest.mark.parametrize(
    "bad",
    [
        {"upstreams": {"a": {"nodes": []}}},
        {"upstreams": {"a": {"nodes": [{"url": "https://a.example", "weight": 101}]}}},
        {"upstreams": {"a": {**GOOD, "retries": 6}}},
        {"upstreams": {"a/b": GOOD}},
        {"routes": [{"name": "a b", "path": "/"}]},
        {"routes": [{"name": "a", "path": "/", "unknown": 1}]},
        {"base_url": "http://evil"},
    ],
)
def test_definition_of_another_shape_is_not_taken(bad: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, Definition)


def test_operations_have_the_names_prices_and_bounds_of_their_routes() -> None:
    routes = [route("/a", methods=["POST"], price_per_call="0.25", max_body_bytes=7, summary="Do it")]

    (found,) = KIND.operations(define({"main": GOOD}, routes))

    assert (found.name, found.method, found.path, found.summary) == ("all", "POST", "/a", "Do it")
    assert (found.price, found.max_body, found.public) == (250_000_000, 7, False)


def test_operations_of_a_document_are_its_own_but_trace() -> None:
    found = KIND.operations(define({"main": GOOD}, document=DOCUMENT))

    assert [(each.name, each.method, each.path) for each in found] == [
        ("order", "POST", "/orders"),
        ("one", "GET", "/orders/{id}"),
    ]


def test_secrets_are_the_references_each_once() -> None:
    more = {"headers": {"x-a": "env:A", "x-b": "plain", "x-c": "stored:k"}, "auth": {"key": "stored:k"}}

    assert KIND.secrets(define({"main": {**GOOD, **more}})) == ["stored:k", "env:A"]
    assert KIND.models(define()) == ()


def test_document_of_a_service_tells_what_is_routed() -> None:
    about = About("shop", "Shop", "Sells", "2.0", "https://gw.example/v1/apis/shop")
    routes = [route("/orders/{id}", name="one", methods=["GET"]), route("/extra/{rest*}", name="extra")]

    told = KIND.openapi(about, define({"main": GOOD}, routes, document=DOCUMENT))
    made = KIND.openapi(about, define({"main": GOOD}, [route("/a/{id}.json", methods=["GET"], summary="One")]))

    assert list(told["paths"]) == ["/orders/{id}", "/extra/{rest}"]
    assert list(told["paths"]["/orders/{id}"]) == ["get"]
    assert told["servers"] == [{"url": about.url}]
    assert told["paths"]["/extra/{rest}"]["post"]["operationId"] == "extra.post"
    assert made["paths"]["/a/{id}.json"]["get"]["operationId"] == "all"
    assert made["info"] == {"title": "Shop", "version": "2.0", "description": "Sells"}


def test_paths_that_differ_in_the_names_of_parameters_alone_are_told_as_one() -> None:
    routes = [
        route("/orders/{id}", name="one", methods=["GET"]),
        route("/orders/{x}", name="change", methods=["PUT"]),
        route("/pets/{id}", name="feed", methods=["POST"]),
    ]
    pet = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
    show = {"operationId": "show", "parameters": [pet], "responses": {"200": {"description": ""}}}
    document = {**DOCUMENT, "paths": {"/pets/{petId}": {"get": show}}}
    about = About("shop", "Shop", "", "1", "https://gw.example")

    made = KIND.openapi(about, define({"main": GOOD}, routes))["paths"]
    told = KIND.openapi(
        about, define({"main": GOOD}, [*routes, route("/pets/{name}", name="pet", methods=["GET"])], document=document)
    )

    assert [(path, list(item)) for path, item in made.items()] == [
        ("/orders/{id}", ["get", "put"]),
        ("/pets/{id}", ["post"]),
    ]
    assert made["/orders/{id}"]["put"]["parameters"][0]["name"] == "id"
    assert list(told["paths"]) == ["/pets/{petId}", "/orders/{id}"]
    assert told["paths"]["/pets/{petId}"]["post"]["parameters"][0]["name"] == "petId"
    validate(told)


def test_operation_that_no_document_describes_takes_any_query_and_any_body() -> None:
    routes = [route("/files/{rest*}", name="file", methods=["GET", "PUT"])]
    about = About("shop", "Shop", "", "1", "https://gw.example")

    told = KIND.openapi(about, define({"main": GOOD}, routes))

    get, put = told["paths"]["/files/{rest}"]["get"], told["paths"]["/files/{rest}"]["put"]
    assert [(each["name"], each["in"]) for each in get["parameters"]] == [("rest", "path"), ("query", "query")]
    assert list(put["requestBody"]["content"]) == ["application/json", "*/*"]
    assert "requestBody" not in get
    validate(told)


def test_route_of_several_methods_is_an_operation_of_each() -> None:
    routes = [route("/a", name="a", methods=["GET", "PUT"]), route("/b", name="b")]

    found = KIND.operations(define({"main": GOOD}, routes))

    assert [each.method for each in found if each.name == "a"] == ["GET", "PUT"]
    assert [each.method for each in found if each.name == "b"] == ["GET", "POST", "PUT", "PATCH", "DELETE"]


def test_document_of_3_0_is_told_in_the_words_of_3_1_with_the_routes_it_does_not_describe() -> None:
    schema = {"type": "string", "nullable": True}
    answers = {"200": {"description": "ok", "content": {"text/plain": {"schema": schema}}}}
    paths = {"/a": {"get": {"operationId": "a", "responses": answers}}}
    document = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}, "paths": paths}
    routes = [route("/a", name="a", methods=["GET"]), route("/b", name="b", methods=["GET"])]

    told = KIND.openapi(
        About("shop", "Shop", "", "2.0", "https://gw.example"), define({"main": GOOD}, routes, document=document)
    )

    content = told["paths"]["/a"]["get"]["responses"]["200"]["content"]
    assert (told["openapi"], list(told["paths"])) == ("3.1.1", ["/a", "/b"])
    assert content["text/plain"]["schema"] == {"type": ["string", "null"]}


def test_default_beside_routes_is_told_to_be_of_no_effect() -> None:
    (found,) = problems(None, [route()], default={"timeout_s": 5})

    assert (found.field, found.warning) == ("default", True)
    assert "of no effect" in found.message
    assert problems(document=DOCUMENT, default={"timeout_s": 5}) == []


@pytest.mark.parametrize(
    ("before", "after", "breaking"),
    [
        ({}, {"path": "/other"}, True),
        ({}, {"methods": ["GET"]}, True),
        ({"methods": ["GET"]}, {"methods": ["GET", "PUT"]}, False),
        ({"methods": ["GET"]}, {}, False),
        ({"methods": ["GET", "PUT"]}, {"methods": ["GET"]}, True),
        ({}, {"max_body_bytes": 1}, True),
        ({"max_body_bytes": 1}, {}, False),
        ({}, {"timeout_s": 5}, True),
        ({"timeout_s": 5}, {"timeout_s": 9}, False),
        ({}, {"response": {"body": {"remove": ["/a"]}}}, True),
        ({}, {"rewrite": "/v2/{rest*}"}, False),
        ({"cors": {"origins": ["*"]}}, {}, True),
        ({}, {"cors": {"origins": ["*"]}}, False),
        ({"escaped_slashes": True}, {}, True),
        ({}, {"escaped_slashes": True}, False),
        ({}, {"validate": {"request": "warn", "response": "warn"}}, False),
        ({"validate": {"request": "warn"}}, {"validate": {"request": "refuse"}}, True),
        ({}, {"validate": {"response": "refuse"}}, True),
        ({"validate": {"response": "refuse"}}, {}, False),
    ],
)
def test_change_of_a_route_breaks_callers_or_does_not(before: Any, after: Any, breaking: bool) -> None:
    old, new = (define({"main": GOOD}, [route(**each)]) for each in (before, after))

    (found,) = KIND.changes(old, new)

    assert found.breaking is breaking
    assert found.path.startswith("routes/all/")


def test_changes_of_routes_documents_and_upstreams_are_listed_breaking_ones_first() -> None:
    validate = {"validate": {"request": "refuse"}}
    old = define({"main": GOOD, "b": GOOD}, [route(), route("/b", name="b")], document=DOCUMENT)
    new = define({"main": {**GOOD, "retries": 3}, "c": GOOD}, [route(**validate), route("/c", name="c")])

    found = [(change.path, change.breaking) for change in KIND.changes(old, new)]

    assert found == [
        ("routes/all/validate", True),
        ("routes/b", True),
        ("routes/c", True),  # it takes what went to the one that takes all
        ("document", False),
        ("routes/c", False),
        ("upstreams/b", False),
        ("upstreams/c", False),
        ("upstreams/main/retries", False),
    ]
    assert KIND.changes(old, old) == []


def test_changes_of_a_documents_operations_are_those_of_the_document() -> None:
    less = {**DOCUMENT, "paths": {"/orders": DOCUMENT["paths"]["/orders"]}}  # type: ignore[index]  # plain JSON
    old, new = define({"main": GOOD}, document=DOCUMENT), define({"main": GOOD}, document=less)

    found = KIND.changes(old, new)

    assert any(change.breaking for change in found)
    assert KIND.changes(old, old) == []


def test_what_is_disabled_is_told_nowhere_and_must_be_there_beside_something_that_is_not() -> None:
    routes = [route("/a", name="a", methods=["GET"]), route("/{rest*}", name="rest", methods=["GET"])]
    definition = define({"main": GOOD}, routes, disabled=["a"])
    about = About("shop", "Shop", "", "1", "/v1/apis/shop")

    assert KIND.check(definition) == []
    assert [one.name for one in KIND.operations(definition)] == ["rest"]
    assert list(KIND.openapi(about, definition)["paths"]) == ["/{rest}"]
    names = [one.name for one in KIND.operations(define({"main": GOOD}, document=DOCUMENT))]
    described = define({"main": GOOD}, document=DOCUMENT, disabled=names[:1])
    assert [one.name for one in KIND.operations(described)] == names[1:]
    told = KIND.openapi(about, described)["paths"].values()
    assert {each["operationId"] for item in told for each in item.values() if "operationId" in each} == set(names[1:])
    assert problems(routes=routes, disabled=["b"]) == [
        Problem("disabled/0", "no route, and no operation of the document, is called 'b'")
    ]
    assert problems(routes=routes, disabled=["a", "rest"]) == [
        Problem("disabled", "there is nothing to call: leave one of them enabled")
    ]


def test_disabling_breaks_callers_and_enabling_does_not() -> None:
    routes = [route("/a", name="a"), route("/b", name="b")]
    before = define({"main": GOOD}, routes, disabled=["a"])
    after = define({"main": GOOD}, routes, disabled=["b"])

    assert [(one.path, one.what, one.breaking) for one in KIND.changes(before, after)] == [
        ("disabled/b", "it was disabled", True),
        ("disabled/a", "it is not disabled any more", False),
    ]
    assert [one.path for one in KIND.changes(before, define({"main": GOOD}, routes[1:]))] == ["routes/a"]


async def test_release_is_tried_before_it_is_published(anyio_backend: str) -> None:
    call: Any = None
    lacking: Any = FakeGateway(private=False)
    definition = define({"main": upstream("https://192.0.2.1", headers={"x-a": "env:A"})}, [route()])

    found = (await KIND.prove(lacking, running(definition), call)).problems

    assert not KIND.gated(definition)
    fields = ["upstreams/main/allow_private", "upstreams/main", "upstreams/main/nodes/0/url"]
    assert [problem.field for problem in found] == fields
    assert "upstreams/main/headers/x-a" in found[1].message


async def test_node_that_is_not_well_is_a_warning(world: Any) -> None:
    well, ill = await world.raw(head(200)), await world.raw(head(500))
    call: Any = None
    gateway: Any = FakeGateway()
    definition = define({"main": upstream(well.url, ill.url, health={"path": "/health"})}, [route()])

    proof = await KIND.prove(gateway, running(definition), call)

    (found,) = proof.problems
    assert proof.passed
    assert (found.field, found.warning) == ("upstreams/main/nodes/1/url", True)
    assert (len(well.heads), len(ill.heads)) == (1, 1)
