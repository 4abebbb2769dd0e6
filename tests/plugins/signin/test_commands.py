"""`tollbridge admin-link` and what `tollbridge serve` prints."""

import json
import re
from collections.abc import Iterator

import httpx2
import pytest
from tests.support.live import LiveGateway, mock_config
from tests.support.waiting import until

PRINTED = re.compile(r"tollbridge +dashboard +(.+)\n")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        yield gateway


def enter(client: httpx2.Client, link: str) -> int:
    where, _, code = link.partition("?code=")
    return client.post(where, data={"code": code}, headers={"sec-fetch-site": "same-origin"}).status_code


async def test_serve_says_where_the_dashboard_is_and_puts_no_link_that_signs_in_into_a_log(live) -> None:
    await until(lambda: PRINTED.search(live.text) is not None, "the dashboard's address")

    assert PRINTED.findall(live.text) == [
        f"{live.url}/_tollbridge/  (tollbridge admin-link prints a link that signs in)"
    ]
    assert "code=" not in live.text


def test_admin_link_is_given_as_json(live) -> None:
    link = json.loads(live.run("admin-link", "--base-url", live.url, "--json").stdout)["url"]

    with httpx2.Client() as client:
        assert enter(client, link) == 303


def test_admin_link_prints_a_fresh_one_for_the_running_gateway_that_works_once(live) -> None:
    link = live.run("admin-link", "--base-url", live.url).stdout.strip()

    with httpx2.Client() as client:
        assert client.get(link).status_code == 200
        assert enter(client, link) == 303
        page = client.get(f"{live.url}/_tollbridge", follow_redirects=True)
    with httpx2.Client() as client:
        assert enter(client, link) == 401

    assert page.status_code == 200
    assert "Three steps" in page.text


@pytest.mark.parametrize(
    ("server", "start"),
    [
        ("", "http://127.0.0.1:8800/_tollbridge/sign-in"),
        ('host = "0.0.0.0"\nport = 9001\nprefix = "/gate"', "http://127.0.0.1:9001/gate/sign-in"),
        ('host = "::1"', "http://[::1]:8800/_tollbridge/sign-in"),
        ('public_url = "https://gw.example.com/ai"', "https://gw.example.com/ai/_tollbridge/sign-in"),
    ],
)
def test_admin_link_goes_where_the_gateway_listens(tmp_path, server, start) -> None:
    gateway = LiveGateway(tmp_path, mock_config("http://127.0.0.1:9", f"[server]\n{server}\n"))

    assert gateway.run("admin-link").stdout.startswith(start + "?code=")


def test_admin_link_says_that_there_is_no_dashboard(tmp_path) -> None:
    gateway = LiveGateway(tmp_path, mock_config("http://127.0.0.1:9", '[server]\nprefix = ""\n'))

    run = gateway.run("admin-link", check=False)

    assert run.returncode != 0
    assert "the dashboard is switched off" in run.stderr
    assert "Traceback" not in run.stderr
