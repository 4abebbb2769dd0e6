"""Keys of the database, from a caller's side: they come, change and go while calls run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.keyed import CONFIG, MOCK, NEW_KEY, OLD_KEY, OTHER, KeyedUpstream, keyed_gateway
from tests.support.waiting import until

from tollbridge.errors import UpstreamUnreachable
from tollbridge.providerkeys.live import TURNED_S
from tollbridge.providerkeys.service import NewKey
from tollbridge.testing import GatewayUnderTest

HOUR = timedelta(hours=1)


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY, NEW_KEY)


@pytest.fixture
async def build(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[Any]:
    made: list[GatewayUnderTest] = []

    def build(config: Any = None, **options: Any) -> GatewayUnderTest:
        made.append(keyed_gateway(tmp_path / "data", upstream, config, **options))
        return made[-1]

    yield build
    for each in made:
        await each.close()


@pytest.fixture
async def gw(build: Any) -> GatewayUnderTest:
    made: GatewayUnderTest = build()
    await made.client()
    return made


async def models(gw: GatewayUnderTest) -> set[str]:
    return {model["id"] for model in (await gw.request("GET", "/v1/models")).json()["data"]}


async def rotating(gw: GatewayUnderTest) -> None:
    """Have the old key as the fallback of the new one."""
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)


def counted(gw: GatewayUnderTest) -> float:
    body, _ = gw.gateway.metrics.render("")
    lines = [line for line in body.decode().splitlines() if line.startswith("tollbridge_provider_key_refused_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


async def test_model_is_offered_from_the_moment_its_provider_has_a_key(gw, upstream) -> None:
    assert (await gw.chat("m")).status_code == 404
    assert (await gw.chat("mock/other")).status_code == 404
    assert await models(gw) == set()

    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))

    assert (await gw.chat("m")).status_code == 200
    assert (await gw.chat("mock/other")).status_code == 200
    assert await models(gw) == {"m"}
    assert upstream.shown == [OLD_KEY] * 2


async def test_missing_key_is_told_at_the_start_by_its_name(build) -> None:
    with capture_logs() as logs:
        await build().client()

    assert [(line["provider"], line["name"]) for line in logs if line["event"] == "provider_key_missing"] == [
        ("mock", "mock")
    ]


async def test_known_provider_nobody_configured_is_offered_by_a_key_of_its_own_name(build, upstream) -> None:
    gw = build({})
    await gw.client()
    before = await models(gw)

    await gw.gateway.secrets.set("groq", NewKey(OLD_KEY))

    assert (await gw.chat("groq/llama-3.3-70b-versatile")).status_code == 200
    assert {model.partition("/")[0] for model in await models(gw) - before} == {"groq"}
    await gw.gateway.secrets.remove("groq")
    assert await models(gw) == before
    assert (await gw.chat("groq/llama-3.3-70b-versatile")).status_code == 404


async def test_key_of_the_database_goes_before_the_one_of_the_environment_which_is_there_again_without_it(
    build, upstream
) -> None:
    gw = build({"providers": {"groq": {}}}, env={"GROQ_API_KEY": OLD_KEY})
    await gw.client()

    await gw.chat("groq/x")
    await gw.gateway.secrets.set("groq", NewKey(NEW_KEY))
    await gw.chat("groq/x")
    await gw.gateway.secrets.remove("groq")
    await gw.chat("groq/x")

    assert upstream.shown == [OLD_KEY, NEW_KEY, OLD_KEY]


async def test_key_of_the_database_goes_before_the_one_of_the_data_folder(build, upstream) -> None:
    first = build({})
    first.gateway.vault.put("mock", OLD_KEY)
    gw = build()
    await gw.client()

    await gw.chat("m")
    await gw.gateway.secrets.set("mock", NewKey(NEW_KEY))
    await gw.chat("m")

    assert upstream.shown == [OLD_KEY, NEW_KEY]


async def test_key_that_the_configuration_says_is_elsewhere_stays_the_one(build, upstream) -> None:
    gw = build({"providers": {"mock": {**MOCK, "api_key": "env:MOCK_KEY"}}}, env={"MOCK_KEY": OLD_KEY})
    await gw.client()

    kept = await gw.gateway.secrets.set("mock", NewKey(NEW_KEY))
    await gw.chat("mock/m")

    assert upstream.shown == [OLD_KEY]
    assert not kept.in_use


async def test_key_is_kept_under_the_name_that_its_provider_reads(build, upstream) -> None:
    gw = build({"providers": {"mock": {**MOCK, "api_key": "stored:shared"}}})
    await gw.client()

    kept = await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))

    assert (kept.name, kept.in_use) == ("shared", True)
    assert (await gw.chat("mock/m")).status_code == 200


async def test_key_of_one_provider_is_not_shown_to_another_that_names_it(build, upstream) -> None:
    gw = build({"providers": {"mock": MOCK, "other": {**OTHER, "api_key": "stored:mock"}}})
    await gw.client()

    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))

    assert (await gw.chat("mock/m")).status_code == 200
    assert (await gw.chat("other/m")).status_code == 404
    assert [sent.url.partition("/v1")[0] for sent in upstream.sent] == ["https://mock.example"]


async def test_change_holds_at_the_next_look_of_every_other_process(build, gw, upstream) -> None:
    other = build()
    await other.client()

    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await other.gateway.secrets.look()
    await other.chat("m")
    await gw.gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)
    await other.gateway.secrets.look()
    await other.chat("m")
    await gw.gateway.secrets.remove("mock")
    await other.gateway.secrets.look()

    assert (await other.chat("m")).status_code == 404
    assert upstream.shown == [OLD_KEY, NEW_KEY]


async def test_other_processes_look_by_themselves(build, gw) -> None:
    other = build()
    await other.client()
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))

    await until(lambda: bool(other.gateway.models()), "the model")

    assert (await other.chat("m")).status_code == 200


@pytest.mark.parametrize("status", [401, 403])
async def test_newer_key_that_the_provider_does_not_know_yet_falls_back_to_the_older_one(gw, upstream, status) -> None:
    await rotating(gw)
    upstream.keys, upstream.status = {OLD_KEY}, status

    with capture_logs() as logs:
        assert (await gw.chat("m")).status_code == 200
        assert (await gw.chat("m")).status_code == 200

    assert upstream.shown == [NEW_KEY, OLD_KEY, OLD_KEY]
    assert [line for line in logs if line["event"] == "provider_key_refused"] == [
        {"event": "provider_key_refused", "log_level": "warning", "provider": "mock", "name": "mock", "version": 2}
        | {"status": status}
    ]
    assert counted(gw) == 1


async def test_older_key_that_the_provider_gave_up_falls_back_to_the_newer_one_and_the_newer_is_tried_again_in_time(
    gw, upstream
) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}
    await gw.chat("m")
    upstream.keys = {NEW_KEY}

    await gw.chat("m")
    assert upstream.shown[2:] == [OLD_KEY, NEW_KEY]
    upstream.keys = {OLD_KEY}
    await gw.chat("m")
    upstream.keys = {NEW_KEY}
    gw.clock.advance(TURNED_S)
    await gw.gateway.secrets.look()
    await gw.chat("m")

    assert upstream.shown[4:] == [NEW_KEY, OLD_KEY, NEW_KEY]
    assert counted(gw) == 3


async def test_both_keys_are_tried_once_each_where_the_provider_knows_neither(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = set()

    refused = await gw.chat("m")

    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "upstream_credential")
    assert upstream.shown == [NEW_KEY, OLD_KEY]
    assert counted(gw) == 2


async def test_refusal_of_the_request_itself_is_no_refused_key(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys, upstream.status = set(), 403

    assert (await gw.chat("m")).status_code == 403
    assert upstream.shown == [NEW_KEY, OLD_KEY]
    assert counted(gw) == 0


async def test_refusal_of_the_request_is_given_though_the_older_key_is_not_known_any_more(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys, upstream.forbidden = set(), {NEW_KEY}

    assert (await gw.chat("m")).status_code == 403
    assert upstream.shown == [NEW_KEY, OLD_KEY]
    assert counted(gw) == 1


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_no_other_error_is_asked_again_with_the_older_key(gw, upstream, status) -> None:
    await rotating(gw)
    upstream.keys, upstream.status = {OLD_KEY}, status

    assert (await gw.chat("m")).status_code == status
    assert upstream.shown == [NEW_KEY]


async def test_provider_that_is_in_trouble_says_nothing_of_the_key_it_was_shown_second(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}
    upstream.reply({"error": {"message": "x"}})
    upstream.reply({"error": {"message": "busy"}}, status=503)

    await gw.chat("m")
    await gw.chat("m")

    assert upstream.shown == [NEW_KEY, OLD_KEY, NEW_KEY, OLD_KEY]


async def test_provider_that_is_lost_at_the_second_try_was_not_reached(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}
    upstream.reply({})
    upstream.fail(UpstreamUnreachable("gone"))

    lost = await gw.chat("m")

    assert lost.status_code == 502
    (row,) = await gw.gateway.store.recent()
    assert (row.error, row.cost) == ("upstream_unreachable", 0)


async def test_single_key_that_is_refused_is_counted_and_is_the_operators_concern(gw, upstream) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    upstream.keys = set()
    assert (await gw.chat("m")).json()["error"]["code"] == "upstream_credential"
    upstream.status = 403
    assert (await gw.chat("m")).status_code == 403

    assert upstream.shown == [OLD_KEY] * 2
    assert counted(gw) == 1


async def test_fallback_ends_with_its_overlap(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}
    gw.clock.advance(HOUR.total_seconds() - 1)
    await gw.gateway.secrets.look()
    assert (await gw.chat("m")).status_code == 200

    gw.clock.advance(1)
    await gw.gateway.secrets.look()

    assert (await gw.chat("m")).status_code == 502
    assert upstream.shown[2:] == [NEW_KEY]


async def test_last_known_keys_go_on_to_their_ends_while_the_store_is_away(build, gw, upstream, monkeypatch) -> None:
    store = gw.gateway.store
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.expire("mock", 1, gw.clock.now() + HOUR)
    await gw.chat("m")
    parts, store._parts = store._parts, None
    try:
        with capture_logs() as logs:
            await gw.gateway.secrets.look()
            await gw.gateway.secrets.look()
        assert [line["event"] for line in logs].count("provider_keys_not_read") == 1
        assert gw.gateway.routes.resolve("m")
        gw.clock.advance(HOUR.total_seconds())
        await gw.gateway.secrets.look()
        assert not gw.gateway.routes.resolve("m")
    finally:
        store._parts = parts
    await gw.gateway.secrets.look()


async def test_look_that_began_before_a_removal_brings_no_key_back(gw, upstream, monkeypatch) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    box, reached, goes_on = gw.gateway.box, asyncio.Event(), asyncio.Event()
    meet = box.meet

    async def slow(shut: Any) -> None:
        if not reached.is_set():
            reached.set()
            await goes_on.wait()
        await meet(shut)

    monkeypatch.setattr(box, "meet", slow)
    earlier = asyncio.create_task(gw.gateway.secrets.look())
    await reached.wait()
    removing = asyncio.create_task(gw.gateway.secrets.remove("mock"))
    await asyncio.wait([removing], timeout=0.3)  # it ends only where nothing holds it up
    goes_on.set()
    await asyncio.gather(earlier, removing)

    assert (await gw.chat("m")).status_code == 404
    assert upstream.shown == []


async def test_use_of_each_version_is_noted(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}
    await gw.chat("m")
    await gw.gateway.secrets.close()

    found = await gw.gateway.secrets.find("mock")

    assert [version.last_used_at for version in found.versions] == [gw.clock.now()] * 2


async def test_use_of_a_version_is_noted_though_it_ended_meanwhile(gw) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY, gw.clock.now() + HOUR))
    await gw.chat("m")
    gw.clock.advance(HOUR.total_seconds())
    await gw.gateway.secrets.look()
    await gw.gateway.secrets.close()

    found = await gw.gateway.secrets.find("mock")

    assert [version.last_used_at for version in found.versions] == [gw.clock.now()]


async def test_stream_falls_back_before_its_first_byte(gw, upstream) -> None:
    await rotating(gw)
    upstream.keys = {OLD_KEY}

    reply = await gw.chat("m", stream=True)

    assert (reply.status_code, reply.text.endswith("data: [DONE]\n\n")) == (200, True)
    assert upstream.shown == [NEW_KEY, OLD_KEY]


async def test_target_behind_one_whose_key_is_missing_is_asked(build, upstream) -> None:
    models = {"m": {"targets": ["mock/m", "other/m"]}}
    gw = build({"providers": {"mock": MOCK, "other": OTHER}, "models": models, **{}})
    await gw.client()
    await gw.gateway.secrets.set("other", NewKey(OLD_KEY))

    assert (await gw.chat("m")).status_code == 200
    await gw.gateway.secrets.set("mock", NewKey(NEW_KEY))
    assert (await gw.chat("m")).status_code == 200

    assert upstream.shown == [OLD_KEY, NEW_KEY]
    assert CONFIG["providers"]["mock"] is MOCK
