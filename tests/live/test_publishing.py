"""What is published, promoted or retired is so on both workers, for every call that starts after that was answered."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from tests.live.looking import bearer, held
from tests.support.live import TIMEOUT_S, LiveGateway, mock_config
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

WORKERS = 2
LEAST_HELD = 3
MOST_CALLS = 200


def draft(says: str) -> dict[str, Any]:
    """Give a REST service without an upstream, whose answer says which release made it."""
    answer = {"description": "it", "content": {"application/json": {"example": {"says": says}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Weather", "version": says},
        "paths": {"/today": {"get": {"operationId": "today", "responses": {"200": answer}}}},
    }
    route = {"name": "today", "path": "/today", "methods": ["GET"], "mock": "always"}
    return {"name": "Weather", "access": "scope", "definition": {"routes": [route], "document": document}}


class Office:
    """Who publishes a service, and who calls it; each request is on a connection of its own."""

    def __init__(self, gateway: LiveGateway, slug: str) -> None:
        self.gateway = gateway
        self.slug = slug
        self._secret = gateway.token("--scope", "admin:*", "--scope", "service:*")["token"]

    def _open(self, method: str, path: str, body: object = None) -> tuple[HTTPConnection, HTTPResponse, Any]:
        connection = HTTPConnection("127.0.0.1", self.gateway.port, timeout=TIMEOUT_S)
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {**bearer(self._secret), "content-type": "application/json"})
        answer = connection.getresponse()
        return connection, answer, json.loads(answer.read())

    def ask(self, path: str, body: object = None, *, method: str = "POST") -> Any:
        """Ask something of the admin API."""
        connection, answer, said = self._open(method, f"/_tollbridge/api/v1{path}", body)
        connection.close()
        assert answer.status < 300, said
        return said

    def make(self, count: int) -> None:
        """Begin the service, and make so many releases, whose version is their number."""
        self.ask("/services", {"slug": self.slug, "kind": "rest"})
        for number in range(1, count + 1):
            self.ask(f"/services/{self.slug}", {"draft": draft(str(number))}, method="PATCH")
            self.ask(f"/services/{self.slug}/releases", {"version": str(number)})

    def publish(self, number: int, what: str = "publish", **said: Any) -> None:
        self.ask(f"/services/{self.slug}/releases/{number}/{what}", said)

    def answers(self, version: str = "") -> set[tuple[int, str]]:
        """Call on new connections until each worker holds some; gives the statuses, and who answered or why nobody."""
        connections: list[HTTPConnection] = []
        found = set()
        while min(holding := held(self.gateway), default=0) < LEAST_HELD or len(holding) < WORKERS:
            assert len(connections) < MOST_CALLS, f"the workers hold {holding} connections"
            connection, answer, said = self._open("GET", f"/v1/apis/{self.slug}{version}/today")
            connections.append(connection)
            assert answer.headers.get("tollbridge-version") == said.get("says")
            found.add((answer.status, said.get("says") or said["code"]))
        for connection in connections:
            connection.close()
        return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the configuration of a store."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.make_database(request.getfixturevalue("postgres_template"))
    yield f'[store]\nurl = "{server.url(name)}"'
    server.drop_database(name)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[LiveGateway]:
    folder = tmp_path_factory.mktemp("publishing")
    with LiveGateway(folder, mock_config("http://127.0.0.1:1", store), workers=WORKERS) as gateway:
        yield gateway


def test_every_call_that_starts_after_a_publication_was_answered_gets_that_release(live: LiveGateway) -> None:
    office = Office(live, "weather")
    office.make(3)
    assert office.answers() == {(404, "not_found")}

    for number in (1, 2, 3, 1):  # the last one is the way back
        office.publish(number)
        assert office.answers() == {(200, str(number))}

    office.publish(2, beside=True)
    assert office.answers() == {(200, "1")}
    assert office.answers("@2") == {(200, "2")}
    office.publish(2, "promote")
    assert office.answers() == {(200, "2")}
    office.publish(1, "supersede")
    assert office.answers("@1") == {(404, "not_found")}
    office.ask("/services/weather/retire", {"successor": "climate"})
    assert office.answers() == {(410, "service_retired")}
    assert office.answers("@2") == {(410, "service_retired")}


def test_of_two_who_publish_at_once_one_serves_on_both_workers(live: LiveGateway) -> None:
    office = Office(live, "sun")
    office.make(4)

    for pair in ((1, 2), (3, 4), (2, 1)):
        with ThreadPoolExecutor(len(pair)) as threads:
            list(threads.map(office.publish, pair))

        (answer,) = office.answers()
        shown = office.ask("/services/sun/releases", method="GET")["items"]
        assert [(200, one["version"]) for one in shown if one["state"] == "live"] == [answer]
