from decimal import Decimal

pytest_plugins = ["tollbridge.testing"]


async def test_call_reaches_acme_with_its_key_and_is_priced(gateway, monkeypatch):
    monkeypatch.setenv("ACME_API_KEY", "acme-1")
    gw = gateway()

    reply = await gw.chat("acme/acme-large")

    (sent,) = gw.sent
    assert sent.url == "https://api.acme.example/v1/chat/completions"
    assert sent.headers["authorization"] == "Bearer acme-1"
    # 1000 in x 0.59 + 500 out x 0.79, per million tokens
    assert Decimal(reply.headers["x-tollbridge-cost-usd"]) == Decimal("0.000985")
