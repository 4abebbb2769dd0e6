"""Several workers: one set of figures, a dead one replaced, all ended by one signal."""

import os
import signal
import threading
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from tests.live.looking import bearer, chat, eventually, settled
from tests.support.live import LiveGateway, mock_config

PATH = "/v1/chat/completions"


def children(pid: int) -> set[int]:
    """Give the worker processes of a gateway: those of its children that serve."""
    found = {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return {child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()}


def requests_total(gateway: LiveGateway) -> float:
    text = httpx2.get(f"{gateway.url}/metrics", timeout=10).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return sum(
        sample.value
        for sample in families["tollbridge_requests"].samples
        if sample.name.endswith("_total") and sample.labels["service"] == "ai"
    )


def call(gateway: LiveGateway, token: str, times: int) -> None:
    """Make this many calls, each on a connection of its own, so that every worker gets some."""

    def one() -> None:
        httpx2.post(f"{gateway.url}{PATH}", json=chat(), headers=bearer(token), timeout=20).raise_for_status()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_workers_are_counted_as_one_gateway_replaced_and_ended_together(tmp_path, upstream) -> None:
    with LiveGateway(tmp_path, mock_config(upstream.url), workers=2, fresh=True) as gateway:
        token = gateway.token()["token"]
        call(gateway, token, 30)
        settled(tmp_path, 30)
        eventually(lambda: requests_total(gateway) == 30, "30 requests in the figures")

        workers = eventually(lambda: len(found := children(gateway.process.pid)) == 2 and found, "two workers")
        victim = min(workers)
        os.kill(victim, signal.SIGKILL)
        eventually(
            lambda: len(found := children(gateway.process.pid) - {victim}) == 2 and found,
            "another worker",
            patience_s=20,
        )
        assert requests_total(gateway) >= 30
        call(gateway, token, 20)
        settled(tmp_path, 50)
        eventually(lambda: requests_total(gateway) == 50, "50 requests in the figures")

        last = children(gateway.process.pid)
        status = gateway.stop()

    assert status in (0, -signal.SIGTERM)
    assert not [pid for pid in last if Path(f"/proc/{pid}").exists()]
