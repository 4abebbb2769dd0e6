"""What our objects say of themselves holds no secret."""

import gc

KEY = "sk-upstream-secret"


def home(thing: object) -> str:
    return str(type.__getattribute__(type(thing), "__module__"))


class Keeper:
    """Holds on to every call."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    async def head(self, call) -> None:
        self.calls.append(call)


async def test_no_secret_is_in_the_repr_of_any_object_of_a_gateway_that_served(gateway, monkeypatch) -> None:
    monkeypatch.setenv("MOCK_KEY", KEY)
    providers = {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}}
    gw = gateway({"providers": providers}, plugins=(Keeper(),))
    token = await gw.token()
    assert (await gw.chat("mock/gpt-4o-mini", token=token)).status_code == 200
    assert gw.sent[0].headers["authorization"] == f"Bearer {KEY}"
    hidden = [KEY, gw.gateway.admin_key.hex(), gw.gateway.data.secret("pepper").hex()]
    parts = [token[start : start + 12] for start in range(7, len(token) - 11)]

    # What the collector does not follow is held by something that it does.
    ours = [thing for thing in gc.get_objects() if home(thing).startswith("tollbridge")]
    told = [(f"{home(thing)}.{type(thing).__qualname__}", repr(thing)) for thing in ours]

    names = {name.rpartition(".")[2] for name, _ in told}
    assert {"Gateway", "Provider", "TokenService", "SqliteStore", "ProviderConfig", "Call"} <= names
    # Fake providers say what they were sent, those of tests before this one too.
    found = {name for name, text in told if any(secret in text for secret in (*hidden, *parts))}
    assert found <= {"tollbridge.testing.fake.Sent", "tollbridge.testing.upstream.Received"}
