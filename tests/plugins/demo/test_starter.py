"""What a fresh gateway begins with: it works, is made once, and nowhere beside what somebody else made."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.demo.conftest import ALL, begun

from tollbridge import SetupError
from tollbridge.serving import base_url, bind
from tollbridge.testing import GatewayUnderTest
from tollbridge_demo.depot import served
from tollbridge_demo.starter import NAME, PRICE_PER_CALL, PROMPT, REST, Laid, Starter
from tollbridge_demo.tour import TEXT, Tour

__all__ = ["config", "laid", "tollbridge"]

JUDGED = {"sentiment": "positive", "confidence": 0.9, "reason": "It came early."}
ANSWER = {
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(JUDGED)}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
}


async def its_token(bridge: GatewayUnderTest, laid: Laid) -> str:
    assert laid.application is not None
    issued = await bridge.gateway.applications.issue(laid.application.id, name="first")
    assert issued is not None
    return issued.secret


async def test_application_calls_the_prompt_api_by_its_path_and_as_a_model(bridge: GatewayUnderTest) -> None:
    begin = await begun(bridge)
    token = await its_token(bridge, begin)
    for _ in range(2):
        bridge.upstream.reply(ANSWER)

    answer = await bridge.request("POST", f"/v1/apis/{PROMPT}", token=token, json={"text": TEXT})
    as_model = await bridge.request(
        *("POST", "/v1/chat/completions"),
        token=token,
        json={"model": f"api/{PROMPT}", "messages": [{"role": "user", "content": TEXT}]},
    )

    assert begin.made == ALL
    assert (answer.status_code, answer.json()) == (200, JUDGED)
    assert answer.headers["x-tollbridge-cost-usd"] == "0.00012"  # 100 x 1 + 10 x 2, per million tokens
    assert json.loads(as_model.json()["choices"][0]["message"]["content"]) == JUDGED
    assert (await bridge.request("POST", f"/v1/apis/{PROMPT}", token="", json={"text": TEXT})).status_code == 401


async def test_rest_service_answers_from_its_document_where_nothing_is_behind_it(bridge: GatewayUnderTest) -> None:
    token = await its_token(bridge, await begun(bridge))

    answer = await bridge.request("GET", f"/v1/apis/{REST}/stock/lantern", token=token)

    assert (answer.status_code, answer.json()) == (200, {"item": "lantern", "left": 12})
    (row,) = await bridge.gateway.store.recent()
    assert row.cost == 100_000  # nano-dollars: 0.0001 USD
    assert PRICE_PER_CALL == "0.0001"


async def test_rest_service_leads_to_the_depot_and_follows_it_to_another_port(bridge: GatewayUnderTest) -> None:
    first, second = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    there, elsewhere = base_url(first), base_url(second)
    async with served(first), served(second):
        begin = await begun(bridge, there)
        token = await its_token(bridge, begin)
        one = await bridge.request("GET", f"/v1/apis/{REST}/stock/rope", token=token)
        missing = await bridge.request("GET", f"/v1/apis/{REST}/stock/boat", token=token)

        moved = await begun(bridge, elsewhere)
        everything = await bridge.request("GET", f"/v1/apis/{REST}/stock", token=token)

    store = await bridge.gateway.store.services()
    service = await store.get_service(REST)
    assert service is not None
    live = (await store.designs([service.live]))[service.live]
    assert live.definition["upstreams"]["depot"]["nodes"] == [{"url": elsewhere}]
    assert (one.json(), missing.status_code, moved.made) == ({"item": "rope", "left": 40}, 404, ())
    assert [each["item"] for each in everything.json()] == ["lantern", "rope", "compass"]


async def test_second_start_makes_nothing(bridge: GatewayUnderTest) -> None:
    await begun(bridge)
    before = await bridge.gateway.store.follow_audit()

    again = await begun(bridge)

    assert again.made == ()
    assert await bridge.gateway.store.follow_audit() == before


async def test_start_that_was_cut_off_is_made_whole_by_the_next(bridge: GatewayUnderTest) -> None:
    await bridge.gateway.people.teams.add(NAME)
    await bridge.gateway.services.add(PROMPT, "prompt", team=NAME)

    found = await begun(bridge)

    assert set(found.made) == set(ALL) - {f"team {NAME}", f"service {PROMPT}"}
    service = await (await bridge.gateway.store.services()).get_service(PROMPT)
    assert service is not None
    assert service.live


async def test_nothing_is_made_beside_services_of_somebody_else(bridge: GatewayUnderTest) -> None:
    await bridge.gateway.services.add("weather", "rest")

    assert await Starter(bridge.gateway, model="small").lay() is None
    assert await bridge.gateway.people.teams.get(NAME) is None


async def test_service_of_that_name_that_is_another_teams_stays_as_it_is(bridge: GatewayUnderTest) -> None:
    await bridge.gateway.people.teams.add(NAME)
    await bridge.gateway.services.add(REST, "rest")

    found = await begun(bridge)

    assert set(found.made) == set(ALL[:4]) - {f"team {NAME}"}
    assert found.left == (f"service {REST}: it is not of the team {NAME}",)


async def test_model_that_is_not_there_is_said(bridge: GatewayUnderTest) -> None:
    with pytest.raises(SetupError, match="there is no model 'large' here"):
        await Starter(bridge.gateway, model="large").lay()


async def test_tour_shows_each_call_with_its_toll(
    bridge: GatewayUnderTest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await its_token(bridge, await begun(bridge))
    for _ in range(2):
        bridge.upstream.reply(ANSWER)
    said: list[str] = []
    tour = Tour("http://bridge", "", token, "small", said.append)
    client = await bridge.client()
    client.headers["authorization"] = f"Bearer {token}"

    await tour.of_services(client)

    assert [line for line in said if line.startswith("toll taken")] == [
        "toll taken: 0.00012 USD, for what was asked of the model",
        "toll taken: 0.00012 USD",
        "toll taken: 0.0001 USD, the price of a call to this service",
    ]
    shown = capsys.readouterr().out
    assert "It came early." in shown
    assert '"left":12' in shown


async def test_tour_says_what_the_gateway_says_where_a_call_fails(bridge: GatewayUnderTest) -> None:
    token = await its_token(bridge, await begun(bridge))
    unsure = {**ANSWER, "choices": [{**ANSWER["choices"][0], "message": {"role": "assistant", "content": "Well..."}}]}
    for _ in range(3):
        bridge.upstream.reply(unsure)
    client = await bridge.client()
    client.headers["authorization"] = f"Bearer {token}"

    with pytest.raises(httpx2.HTTPStatusError, match=r"POST /v1/apis/sentiment: 502 .*its answer does not fit"):
        await Tour("http://bridge", "", token, "small", lambda line: None).of_services(client)


async def test_parameters_that_a_model_needs_are_those_of_the_prompt_api(bridge: GatewayUnderTest) -> None:
    laid = await Starter(bridge.gateway, model="small", parameters={"temperature": 0}).lay()
    assert laid is not None
    bridge.upstream.reply(ANSWER)

    answer = await bridge.request(
        "POST", f"/v1/apis/{PROMPT}", token=await its_token(bridge, laid), json={"text": TEXT}
    )

    assert answer.status_code == 200
    (sent,) = bridge.upstream.sent
    asked = json.loads(sent.body)
    assert (asked["temperature"], asked["max_completion_tokens"]) == (0, 300)


def test_command_gives_a_fresh_gateway_a_beginning_once(tollbridge: Callable[..., Ran], config: Path) -> None:
    first = tollbridge("starter", "--model", "small")
    second = tollbridge("starter", "--model", "small")

    assert first.code == 0, first.err
    assert all(f"made: {one}" in first.out for one in ALL)
    assert "tollbridge application add-token app_" in first.out
    assert "everything was there already" in second.out
    assert [one["slug"] for one in tollbridge("service", "list", "--json").json] == [REST, PROMPT]


def test_command_leaves_a_gateway_with_services_alone(tollbridge: Callable[..., Ran], config: Path) -> None:
    tollbridge("service", "create", "weather", "--kind", "rest")

    refused = tollbridge("starter", "--model", "small")

    assert refused.code != 0
    assert "has services of its own" in refused.err
