"""People sign in with providers that are none of ours: `oidc-provider` and `oauth2-mock-server`, each a process."""

import re
import socket
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from tests.support.issuers import NodeIssuer
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires

pytestmark = requires("oidc-node")

CLIENT, SECRET = "gw", "gw:secret?"
CONFIG = """
[server]
public_url = "http://127.0.0.1:{port}"
[signin.oidc.corp]
issuer = "{corp}"
client_id = "gw"
client_secret = "env:CORP_SECRET"
scopes = ["openid", "email", "profile", "groups"]
groups_claim = "groups"
groups = {{ ops = {{ role = "platform-admin" }}, readers = {{ role = "viewer" }} }}
create = true
allow_private = true
[signin.oidc.mock]
issuer = "{mock}"
client_id = "gw"
client_secret = "env:CORP_SECRET"
create = true
allow_private = true
"""
ADA = {"sub": "ada", "email": "mock-ada@example.com", "email_verified": True, "name": "Ada", "aud": CLIENT}


class OnPort(LiveGateway):
    """A gateway on a port that was chosen before, for it is told where it is reached."""

    def __init__(self, folder: Path, config: str, port: int, **options: Any) -> None:
        super().__init__(folder, config, **options)
        self._chosen = port

    def command(self) -> list[str]:
        command = super().command()
        command[command.index("--port") + 1] = str(self._chosen)
        return command


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def corp() -> Iterator[NodeIssuer]:
    with NodeIssuer("people.mjs") as issuer:
        yield issuer


@pytest.fixture(scope="module")
def mock() -> Iterator[NodeIssuer]:
    with NodeIssuer("mock.mjs") as issuer:
        yield issuer


@pytest.fixture(scope="module")
def served(corp: NodeIssuer, mock: NodeIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    port = free_port()
    config = mock_config("http://127.0.0.1:9", CONFIG.format(port=port, corp=corp.url, mock=mock.url))
    back = f"http://127.0.0.1:{port}/_tollbridge/sign-in/oidc/corp/callback"
    corp.tell(client={"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [back]})
    env = {"CORP_SECRET": SECRET}
    with OnPort(tmp_path_factory.mktemp("served"), config, port, env=env) as gateway:
        yield gateway


@pytest.fixture
def browser(served: LiveGateway) -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30) as client:
        yield client


def go(browser: httpx2.Client, url: str) -> httpx2.Response:
    return browser.get(url, headers={"sec-fetch-site": "same-origin"})


def follow(browser: httpx2.Client, page: httpx2.Response, *, until: str = "", name: str = "ada") -> httpx2.Response:
    """Follow redirects, and fill in the provider's forms, until there are none, or one leads to `until`."""
    for _ in range(20):
        if page.is_redirect:
            where = urljoin(str(page.url), page.headers["location"])
            if until and until in where:
                return page
            page = browser.get(where)
            continue
        if "/_tollbridge" in str(page.url):
            return page
        (action,) = re.findall(r'<form[^>]+action="([^"]+)"', page.text)
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        sent = {**dict(hidden), "login": name, "password": "anything"}
        page = browser.post(urljoin(str(page.url), unescape(action)), data=sent)
    raise AssertionError("the provider asks for ever")


def sign_in(browser: httpx2.Client, served: LiveGateway, provider: str, *, query: str = "") -> httpx2.Response:
    return follow(browser, go(browser, f"{served.url}/_tollbridge/sign-in/oidc/{provider}{query}"))


def home(browser: httpx2.Client, served: LiveGateway) -> int:
    return browser.get(f"{served.url}/_tollbridge/").status_code


def test_person_signs_in_by_an_independent_provider(served, corp, browser) -> None:
    corp.tell(claims={"groups": ["ops"]})

    page = sign_in(browser, served, "corp", query="?next=/_tollbridge/tokens")

    assert page.status_code == 200
    assert str(page.url) == f"{served.url}/_tollbridge/tokens"
    assert "The ada<small>ada@example.com</small>" in page.text
    assert home(browser, served) == 200
    assert SECRET not in served.text
    assert browser.cookies["tollbridge_session"] not in served.text


def test_groups_decide_anew_at_each_sign_in(served, corp, browser) -> None:
    corp.tell(claims={"groups": ["ops"], "email": "groups@example.com", "sub": "groups"})
    with httpx2.Client(timeout=30) as other:  # so that somebody else administers too
        corp.tell(claims={"groups": ["ops"]})
        follow(other, go(other, f"{served.url}/_tollbridge/sign-in/oidc/corp"), name="root")
    found = []
    for groups in (["readers"], [], ["readers", "ops"]):
        corp.tell(claims={"groups": groups})
        browser.cookies.clear()
        follow(browser, go(browser, f"{served.url}/_tollbridge/sign-in/oidc/corp"), name="changing")
        found.append((home(browser, served), browser.get(f"{served.url}/_tollbridge/tokens/new").status_code))

    assert found == [(200, 403), (403, 403), (200, 200)]


def test_address_that_is_not_verified_is_refused(served, corp, browser) -> None:
    corp.tell(claims={"email_verified": False})

    page = follow(browser, go(browser, f"{served.url}/_tollbridge/sign-in/oidc/corp"), name="liar")

    assert page.status_code == 403
    assert "does not say that your address is yours" in page.text
    assert "tollbridge_session" not in browser.cookies


def test_answer_is_good_once_and_in_one_browser(served, corp, browser) -> None:
    corp.tell(claims={"groups": ["readers"]})
    start = go(browser, f"{served.url}/_tollbridge/sign-in/oidc/corp")
    attempt = browser.cookies["tollbridge_attempt"]
    back = follow(browser, start, until="/callback").headers["location"]
    with httpx2.Client() as thief:
        stolen = thief.get(back)
    signed_in = browser.get(back)
    browser.cookies.clear()
    replayed = browser.get(back, headers={"cookie": f"tollbridge_attempt={attempt}"})

    assert [page.status_code for page in (stolen, signed_in, replayed)] == [400, 303, 400]


def test_answer_to_one_provider_is_not_taken_for_anothers(served, corp, browser) -> None:
    start = go(browser, f"{served.url}/_tollbridge/sign-in/oidc/corp")
    back = follow(browser, start, until="/callback").headers["location"]

    page = browser.get(back.replace("/oidc/corp/", "/oidc/mock/"))

    assert page.status_code == 400
    assert "tollbridge_session" not in browser.cookies


def test_proof_is_asked_for_anew(served, corp, browser) -> None:
    corp.tell(claims={"groups": ["readers"]})
    sign_in(browser, served, "corp")
    before = browser.cookies["tollbridge_session"]

    again = go(browser, f"{served.url}/_tollbridge/sign-in/oidc/corp?again&next=/_tollbridge/tokens")
    asked = follow(browser, again, until="/interaction/")
    page = follow(browser, asked)

    assert "max_age=0" in again.headers["location"]
    assert asked.is_redirect
    assert str(page.url) == f"{served.url}/_tollbridge/tokens"
    assert browser.cookies["tollbridge_session"] != before


def test_proof_of_somebody_else_or_of_long_ago_is_none(served, mock, browser) -> None:
    mock.tell(changes={"payload": ADA, "header": {"typ": "JWT"}})
    sign_in(browser, served, "mock")
    before = browser.cookies["tollbridge_session"]
    statuses = []

    for change in ({"sub": "eve", "email": "eve@example.com", "auth_time": 4_000_000_000}, {"auth_time": 1}, {}):
        mock.tell(changes={"payload": {**ADA, **change}, "header": {"typ": "JWT"}})
        statuses.append(sign_in(browser, served, "mock", query="?again").status_code)

    assert statuses == [403, 502, 502]
    assert browser.cookies["tollbridge_session"] == before


def test_person_signs_in_by_another_independent_provider(served, mock, browser) -> None:
    mock.tell(changes={"payload": ADA, "header": {"typ": "JWT"}})

    page = sign_in(browser, served, "mock")
    mock.tell(rotate="ES256")
    browser.cookies.clear()
    rotated = sign_in(browser, served, "mock")

    assert "mock-ada@example.com" in page.text
    assert rotated.status_code in (403, 502)  # a key is looked for once a minute at most, so not at once


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"aud": "somebody-else"},
        {"aud": [CLIENT, "other"]},
        {"azp": "other"},
        {"exp": 1},
    ],
)
def test_id_token_that_does_not_fit_signs_nobody_in(served, mock, browser, wrong) -> None:
    mock.tell(changes={"payload": {**ADA, **wrong}, "header": {"typ": "JWT"}})

    page = sign_in(browser, served, "mock")

    assert page.status_code == 502
    assert "tollbridge_session" not in browser.cookies


def test_provider_that_is_down_is_told_of(tmp_path) -> None:
    port = free_port()
    with NodeIssuer("people.mjs") as gone:
        config = mock_config("http://127.0.0.1:9", CONFIG.format(port=port, corp=gone.url, mock="http://127.0.0.1:9"))
    with OnPort(tmp_path, config, port, env={"CORP_SECRET": SECRET}) as gateway, httpx2.Client() as browser:
        page = go(browser, f"{gateway.url}/_tollbridge/sign-in/oidc/corp")
        door = browser.get(f"{gateway.url}/_tollbridge/sign-in")

    assert page.status_code == 503
    assert "cannot be reached now" in page.text
    assert door.status_code == 200
