"""Documents of others, and one as large as the largest, go all the way."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.plugins.rest.documents.generating import large_document
from tests.plugins.rest.documents.install import DOCUMENTS
from tests.support.requires import requires

from tollbridge.services.kinds import About
from tollbridge.services.model import Access, Design
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway
from tollbridge_mcp import operations as mcp
from tollbridge_rest.definition import Definition
from tollbridge_rest.documents import (
    Answered,
    Asked,
    BadDocument,
    Checking,
    Document,
    Mocks,
    Paths,
    Preferred,
    Requests,
    Responses,
    changes,
    document_of,
    problems_of,
    publish,
    read_document,
    to_json,
    to_yaml,
    upgraded,
)
from tollbridge_rest.drafting import draft_of
from tollbridge_rest.kind import RestKind

here = requires("openapi-documents")
FOLDER = DOCUMENTS.folder() / "node_modules"
EXAMPLES = FOLDER / "@readme/oas-examples"
GITHUB = FOLDER / "@octokit/openapi/generated/api.github.com.json"
WRITTEN_OUT = GITHUB.with_suffix(".deref.json")
"""The same without references: 73 MB."""
REFUSED = {
    "parameters-common": "has a parameter twice",
    "parameters-style": "hold no \\? or #",
    "response-examples": "is no media type",
    "schema-validation-top-level": "the dialect 'http://json-schema.org/draft-04/schema#'",
}
"""Examples that are no documents by the specification: templates with a name twice or a fragment, two media types in
one name, schemas of another draft."""


def texts(version: str, kind: str) -> list[Path]:
    return sorted(path for path in EXAMPLES.glob(f"{version}/{kind}/**/*.{kind}") if path.stem not in REFUSED)


def go_all_the_way(document: Document) -> int:
    """Do all that is done with a document; gives the number of answers that are right by its own schemas."""
    assert len({each.name for each in document.operations}) == len(document.operations)
    paths, mocks, responses = Paths(document.operations), Mocks(document), Responses(Checking.of(document))
    right = 0
    for operation in document.operations:
        found = paths.find(operation.method, operation.path.replace("{", "x").replace("}", "x"))
        assert found is not None
        if operation.answers:
            answer = mocks.answer(operation, prefer=Preferred(made=True))
            right += not responses.check(operation, Answered(answer.status, answer.headers, answer.body))
    assert changes(document, document) == ()
    published = publish(document, "https://gateway.example/v1/apis/a", document.operations)
    again = document_of(read_document(to_json(published)))
    assert [each.name for each in again.operations] == [each.name for each in document.operations]
    document_of(upgraded(published))
    become_a_service(document)
    return right


def become_a_service(document: Document) -> None:
    """Do what is done with a document that is imported, released, and called as tools."""
    kind, drafted = RestKind(), draft_of(document.raw, upstream="https://upstream.example")
    definition = msgspec.convert(drafted.design["definition"], Definition)
    about = About("a", "A", "", "1", "https://gateway.example/v1/apis/a")
    wrong = [each.field for each in kind.check(definition) if not each.warning]
    assert wrong == ([] if drafted.operations else ["routes"])  # which has nothing to call
    served = {(each.method, each.path) for each in kind.operations(definition)}
    assert len(served) == drafted.operations
    published = kind.openapi(about, definition)
    assert published["servers"] == [{"url": about.url}]
    read = mcp.read_document(published)
    assert {(each.method, each.path) for each in read.operations} <= served
    could = [method for method, _ in served if method in ("GET", "POST", "PUT", "PATCH", "DELETE")]
    assert len(read.operations) + len(read.left_out) >= min(len(could), mcp.MOST_TOOLS)


@here
@pytest.mark.parametrize("path", [*texts("3.0", "json"), *texts("3.1", "json")], ids=lambda path: path.stem)
def test_an_example_goes_all_the_way(path: Path) -> None:
    document = document_of(read_document(path.read_bytes()))

    go_all_the_way(document)
    problems_of(document)


def undescribed(value: Any) -> Any:
    """Leave out descriptions, which differ between the two texts of some examples."""
    if isinstance(value, dict):
        return {key: undescribed(each) for key, each in value.items() if key != "description" or isinstance(each, dict)}
    return [undescribed(each) for each in value] if isinstance(value, list) else value


@here
@pytest.mark.parametrize("path", [*texts("3.0", "yaml"), *texts("3.1", "yaml")], ids=lambda path: path.stem)
def test_yaml_says_what_json_says(path: Path) -> None:
    other = Path(str(path).replace("/yaml/", "/json/").replace(".yaml", ".json"))

    assert undescribed(read_document(path.read_bytes())) == undescribed(json.loads(other.read_bytes()))


@here
@pytest.mark.parametrize("name", REFUSED)
def test_an_example_that_is_no_document_is_refused(name: str) -> None:
    for path in EXAMPLES.glob(f"3.*/*/{name}.*"):
        with pytest.raises(BadDocument, match=REFUSED[name]):
            document_of(read_document(path.read_bytes()))


@here
@pytest.mark.parametrize("path", texts("2.0", "json"), ids=lambda path: path.stem)
def test_swagger_is_refused_with_the_way_out(path: Path) -> None:
    with pytest.raises(BadDocument, match="convert it first"):
        read_document(path.read_bytes())


@here
def test_the_description_of_github_goes_all_the_way() -> None:
    document = document_of(read_document(GITHUB.read_bytes()))

    right = go_all_the_way(document)

    assert len(document.operations) == 1223
    assert right >= 1190  # a few of its own examples do not meet its schemas
    assert problems_of(document) == []
    found = Paths(document.operations).find("POST", "/repos/octo/hello/issues")
    assert found is not None
    requests = Requests(Checking.of(document))
    headers = ((b"content-type", b"application/json"),)
    good, bad = (
        Asked(found.values, b"", headers, body) for body in (b'{"title":"a","labels":["b"]}', b'{"labels":[1]}')
    )
    assert requests.check(found.operation, good) == []
    assert [each.where for each in requests.check(found.operation, bad)] == ["body/title", "body/labels/0"]


@here
def test_what_is_larger_than_is_read_is_refused_with_its_size() -> None:
    data = WRITTEN_OUT.read_bytes()

    with pytest.raises(BadDocument, match=f"^the document has {len(data):,} bytes; up to 16,777,216 are read$"):
        read_document(data)


@here
async def test_the_description_of_github_is_a_service_and_a_server_of_tools(tmp_path: Path) -> None:
    drafted = draft_of(read_document(GITHUB.read_bytes()))
    bridge = make_gateway({}, data=tmp_path, clock=FixedClock())
    await bridge.client()
    services = bridge.gateway.services
    definition = {**drafted.design["definition"], "default": {"mock": "always", "validate": {"request": "refuse"}}}
    draft = Design(name="GitHub", access=Access.SCOPE, definition=definition)
    service = await services.add("github", "rest", draft=draft)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    token = await bridge.token("service:github:repos-get")
    asked = {"name": "repos_get", "arguments": {"owner": "octo", "repo": "hello"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}

    over_http = await bridge.request("GET", "/v1/apis/github/repos/octo/hello", token=token)
    over_mcp = await bridge.request(
        "POST", "/v1/mcp/github", token=token, json=message, headers={"accept": "application/json"}
    )
    refused = await bridge.request("DELETE", "/v1/apis/github/repos/octo/hello", token=token)
    await bridge.close()

    assert (over_http.status_code, over_http.json()["full_name"]) == (200, "octocat/Hello-World")
    assert over_mcp.json()["result"]["structuredContent"] == over_http.json()
    assert refused.status_code == 403


def test_a_document_of_five_megabytes_is_read_within_bounds() -> None:
    raw = large_document()
    data = json.dumps(raw, indent=1).encode()
    assert len(data) > 5_000_000

    before = time.process_time()
    json.loads(data)
    plain = time.process_time() - before
    before = time.process_time()
    document = document_of(read_document(data))
    taken = time.process_time() - before

    assert len(document.operations) == 1_000
    assert taken < 15 * plain + 0.5  # 4 to 5 times json.loads were measured


def test_the_yaml_of_it_is_read_too() -> None:
    raw = large_document(200, 120)

    assert read_document(to_yaml(raw)) == raw


def test_a_large_document_goes_all_the_way_within_bounds() -> None:
    document = document_of(large_document())
    before = time.process_time()

    assert go_all_the_way(document) > 0
    assert problems_of(document) == []
    assert time.process_time() - before < 60


MEASURE = """
import resource, sys
from tests.plugins.rest.documents.generating import large_document
from tollbridge_rest.documents import Asked, Checking, Requests, document_of, read_document, to_json
data = to_json(large_document())
del large_document
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
document = document_of(read_document(data))
requests = Requests(Checking.of(document))
headers = ((b"content-type", b"application/json"),)
for operation in document.operations:
    requests.check(operation, Asked({"owner": "a"}, b"", headers, b"{}"))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_memory_for_all_its_validators_is_bounded() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1_500_000_000
