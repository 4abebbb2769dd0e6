"""Messages are found by an index, however many there are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import NOON


async def test_what_is_asked_of_many_messages_is_found_by_an_index(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway()
    await under.client()
    outbox: Any = await under.gateway.store.outbox()
    engine, seen = outbox._turns.engine, []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await outbox.lanes()
    await outbox.claim("whk_1", "run_1", most=20, lease_s=60.0)
    await outbox.give_back("whk_1", "run_1", pause_s=60.0)
    await outbox.list_deliveries("whk_1", before="msg_1")
    await outbox.forget_deliveries(NOON + timedelta(days=1))
    event.remove(engine.sync_engine, "before_cursor_execute", note)

    plans = []
    async with engine.connect() as db:
        for statement, parameters in seen:
            if " delivery" in statement:
                rows = await db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.append(" | ".join(row.detail for row in rows if "delivery" in row.detail))
    assert len(plans) == 6
    assert not [plan for plan in plans if "SCAN" in plan]
    lanes, take, had, release, listed, forget = plans
    assert "ix_delivery_due_at (webhook_id=? AND ended_at=? AND due_at<?)" in lanes
    assert "ix_delivery_waiting" in take
    assert "ix_delivery_runner" in had
    assert "ix_delivery_runner" in release
    assert "ix_delivery_webhook_id" in listed
    assert "ix_delivery_ended_at" in forget
