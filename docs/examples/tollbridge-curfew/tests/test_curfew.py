import tomllib

import pytest

from tollbridge import ConfigError

pytest_plugins = ["tollbridge.testing"]
CONFIG = tomllib.loads("[policies.curfew]\nopens = 08:00:00\ncloses = 18:00:00\n")


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")


@pytest.mark.parametrize(
    ("at", "status"),
    [("07:59:59", 403), ("08:00:00", 200), ("17:59:59", 200), ("18:00:00", 403)],
)
async def test_opening_hours(gateway, at, status):
    gw = gateway(CONFIG, at=f"2026-01-05T{at}+00:00")

    reply = await gw.chat("openai/gpt-4o-mini")

    assert reply.status_code == status
    assert len(gw.sent) == (status == 200)  # a refused call costs nothing


async def test_refusal_says_why_in_the_callers_dialect(gateway):
    gw = gateway(CONFIG, at="2026-01-05T03:00:00+00:00")

    reply = await gw.chat("openai/gpt-4o-mini")

    assert reply.json()["error"] == {
        "message": "calls are served from 08:00 to 18:00 UTC",
        "type": "permission_error",
        "param": None,
        "code": "curfew",
    }


def test_misspelt_option_is_refused_at_start(gateway):
    with pytest.raises(ConfigError, match=r"policies\.curfew: unknown option 'open'; did you mean 'opens'"):
        gateway({"policies": {"curfew": {"open": 8}}})
