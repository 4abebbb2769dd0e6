"""What the dashboard's pages cost over a large file, and when Chromium paints them on slow 4G.

The gateway is in this process and its clock stands at the newest call of the file. CPU time is of the process, threads
of the database too; wall time is that of the whole answer without a network. `--paint` serves the same pages by HTTP on
loopback and has Chromium wait for each request as slow 4G does (150 ms, 1.6 Mbit/s), with nothing kept from before and,
in a second column, with a processor four times slower.
"""

import argparse
import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from bench.measure import own_cpu_seconds
from bench.usage_reports import END, fill
from tollbridge import Gateway, load_config
from tollbridge.jobsettings import JobsConfig
from tollbridge.serving import configure_logs, spare_collections
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge
from tollbridge_signin.door import Door

PREFIX = "/_tollbridge"
PAGES = {
    "Home": "/",
    "Home, 30 days": "/?range=30d",
    "Usage": "/usage",
    "Usage by token": "/usage?by=token",
    "Usage by token, 24 h": "/usage?range=24h&by=token",
    "Usage by team": "/usage?by=team",
    "Usage by ending": "/usage?by=ending",
    "Usage of a team": "/usage?team=team-3",
    "Usage of a token": "/usage?token=tok_000010",
    "Usage, 12 months": "/usage?range=12m",
    "Log": "/log",
    "Log of a token": "/log?token=tok_000010",
    "Log, failed": "/log?status=5",
    "A call": "/log/req_000000000100",
    "Tokens": "/tokens",
    "Tokens by a name": "/tokens?q=token-99999",
    "Tokens, expiring": "/tokens?state=expiring",
    "Tokens, unused": "/tokens?state=unused",
    "A token": "/tokens/tok_000010",
    "Budgets and limits": "/limits",
    "Teams": "/teams",
    "A team": "/teams/team-3",
    "Models": "/models",
    "A model": "/model?id=model-1",
    "Providers": "/providers?state=serving",
    "Services": "/services",
    "Audit log": "/audit",
    "Portal": "/portal",
    "Settings": "/settings",
    "Search": "/search?q=token-777",
}
LATENCY_MS, DOWN_BYTES_S, UP_BYTES_S = 150, 1_600_000 // 8, 750_000 // 8
CHROMIUM = "/usr/bin/chromium"
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAINTED = """new Promise((done) => {
  const look = () => {
    const found = performance.getEntriesByName("first-contentful-paint")[0];
    if (found) done(found.startTime); else requestAnimationFrame(look);
  };
  look();
})"""
_CONFIG: dict[str, object] = {
    "logging": {"level": "error", "format": "json"},
    "providers": {"mock": {"base_url": "https://mock.example/v1", "auth": "none"}},
    "models": {f"model-{number}": {"targets": [f"mock/model-{number}"]} for number in range(20)},
}


def gateway_of(path: Path, data: Path) -> Gateway:
    """Build a gateway on a file, at the time of its newest call."""
    config = replace(load_config({**_CONFIG, "store": {"url": f"sqlite:///{path}"}}, os.environ), data=data)
    configure_logs(config)
    return Gateway(replace(config, jobs=JobsConfig(enabled=False)), clock=FixedClock(END))


async def people(gateway: Gateway, tokens: int) -> None:
    """Make the teams and tokens of the calls, where they are not there yet."""
    if await gateway.people.teams.get("team-0") is not None:
        return
    for number in range(50):
        await gateway.people.teams.add(f"team-{number}", title=f"Team {number}")
    first = (await gateway.tokens.issue(name="token", team="team-0", scopes=("ai:*", "model:*"))).token
    with closing(sqlite3.connect(gateway.config.store_url.removeprefix("sqlite:///"))) as db, db:
        names = [row[1] for row in db.execute("PRAGMA table_info(token)")]
        made = {
            **{"id": "printf('tok_%06d', number)", "name": "printf('token-%05d', number)"},
            **{"team": "'team-' || (number % 50)", "created_at": "created_at - number * 1000000"},
            **{"last_used_at": "CASE WHEN number % 3 THEN created_at - number * 7000000 END"},
            **{"budget_amount": "CASE WHEN number % 5 = 0 THEN 5000000000 END", "budget_period": "'month'"},
            **{"expires_at": "CASE WHEN number % 9 = 0 THEN created_at + number * 60000000 END"},
        }
        db.execute(
            f"WITH RECURSIVE counted (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM counted WHERE number < ?)"
            f" INSERT INTO token ({', '.join(names)}) SELECT {', '.join(made.get(name, name) for name in names)}"
            " FROM counted, (SELECT * FROM token WHERE id = ?) AS one",
            (tokens - 1, first.id),
        )
        db.execute(
            "INSERT INTO budget (id, spent, reserved) SELECT id, abs(random() % 5000000000), 0 FROM token"
            " WHERE budget_amount IS NOT NULL"
        )


async def signed_in(gateway: Gateway, client: httpx2.AsyncClient) -> None:
    """Sign in as the operator's link does."""
    code = Door(gateway.admin_key, gateway.config.data, gateway.clock).make_code()
    reply = await client.post(f"{PREFIX}/sign-in", data={"code": code}, headers={"sec-fetch-site": "same-origin"})
    assert reply.status_code == 303, reply.text


async def ask(client: httpx2.AsyncClient, runs: int) -> None:
    """Print what each page costs."""
    for name, path in PAGES.items():
        spent, passed = [], []
        for _ in range(runs + 1):
            cpu, wall = own_cpu_seconds(), time.perf_counter()
            reply = await client.get(f"{PREFIX}{path}", headers={"accept-encoding": "gzip"})
            spent.append((own_cpu_seconds() - cpu) * 1_000)
            passed.append((time.perf_counter() - wall) * 1_000)
        told = f"{statistics.median(spent[1:]):8.1f} ms cpu {statistics.median(passed[1:]):8.1f} ms"
        print(f"{name:28s} {reply.status_code} {told}  (the first time {passed[0]:.0f} ms)", flush=True)


async def paint(app: Tollbridge, cookies: Sequence[tuple[str, str]], runs: int) -> None:
    """Print when pages are painted."""
    from playwright.async_api import async_playwright

    config = uvicorn.Config(app, port=0, lifespan="off", log_level="error", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        for name, path in PAGES.items():
            told = [
                f"{statistics.median([await _painted(browser, url, path, cookies, slower) for _ in range(runs)]):7.0f}"
                for slower in (1, 4)
            ]
            print(f"{name:28s} painted after {told[0]} ms, {told[1]} ms on a slower processor", flush=True)
        await browser.close()
    server.should_exit = True
    await serving


async def _painted(browser: Any, url: str, path: str, cookies: Sequence[tuple[str, str]], slower: int) -> float:
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies])
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    rates = {"downloadThroughput": DOWN_BYTES_S, "uploadThroughput": UP_BYTES_S}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **rates})
    await session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await page.goto(f"{url}{PREFIX}{path}", wait_until="commit")
    found: float = await page.evaluate(PAINTED)
    await context.close()
    return found


async def _run(path: Path, data: Path, tokens: int, runs: int, *, painted: bool) -> None:
    gateway = gateway_of(path, data)
    app = Tollbridge(gateway.app, gateway=gateway)
    await gateway.start()
    spare_collections()
    await people(gateway, tokens)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await signed_in(gateway, client)
        if painted:
            await paint(app, [(cookie.name, cookie.value or "") for cookie in client.cookies.jar], runs)
        else:
            await ask(client, runs)
    await gateway.stop()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--paint", action="store_true", help="measure when Chromium paints, and no costs")
    parser.add_argument("--file", type=Path, help="where to fill a file, or one that was filled before")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        path = given.file or Path(name) / "usage.db"
        if not path.exists():
            fill(path, given.rows, given.tokens)
        data = path.with_suffix(".keys")  # what is sealed in a file opens with these
        data.mkdir(exist_ok=True)
        asyncio.run(_run(path, data, given.tokens, given.runs, painted=given.paint))
