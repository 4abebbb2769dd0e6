"""What the gateway says of itself in English is said in the language of a page: options, roles, jobs, kinds."""

from dataclasses import fields

import pytest
from tests.support.visiting import Visitor

from tollbridge.ownwork import own_jobs
from tollbridge.registry import Registry
from tollbridge_dashboard.jobs import NAMES
from tollbridge_dashboard.plugins import KINDS

CHINESE = {"accept-language": "zh-CN"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/settings", "Prometheus"),
        ("/roles", "管理整个"),
        ("/plugins", "服务类型"),
        ("/jobs", "轮换"),
        ("/services/new", "摘要"),
        ("/audit", "已签发令牌"),
    ],
)
async def test_page_says_it_in_chinese(visit: Visitor, path: str, said: str) -> None:
    await visit.under.gateway.tokens.issue(name="first")

    page = (await visit.get(path, **CHINESE)).text

    assert '<html lang="zh-Hans"' in page
    assert said in page


def test_jobs_of_the_gateway_and_all_that_a_plugin_registers_have_names() -> None:
    assert set(NAMES) == {job.name for job in own_jobs()}
    assert set(KINDS) == {field.name for field in fields(Registry)}


async def test_options_are_found_by_their_words_in_either_language(visit: Visitor) -> None:
    chinese = (await visit.get("/settings?q=登录状态", **CHINESE)).text
    english = (await visit.get("/settings?q=signed+in", **CHINESE)).text

    for page in (chinese, english):
        assert "session" in page
        assert "[logging]" not in page
