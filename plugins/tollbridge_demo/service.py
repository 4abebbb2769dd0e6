"""The wrapped service: a small order desk, with routes, validation and a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field


class NewOrder(BaseModel):
    """What a customer sends."""

    item: str = Field(min_length=1, max_length=80)
    quantity: int = Field(ge=1, le=1000)
    unit_price: Decimal = Field(gt=0, decimal_places=2)


class Order(NewOrder):
    """What the desk keeps."""

    id: int
    ordered_at: datetime
    ordered_by: str

    @property
    def total(self) -> Decimal:
        return self.quantity * self.unit_price


def make_service() -> FastAPI:
    """Make the order desk; its orders live as long as the process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.orders = {}
        app.state.changed = asyncio.Condition()
        yield

    app = FastAPI(title="Order desk", version="1.0.0", lifespan=lifespan)

    @app.post("/orders", status_code=201)
    async def place(order: NewOrder, request: Request) -> Order:
        """Take an order; the caller's token says who ordered."""
        orders: dict[int, Order] = app.state.orders
        caller = request.state.tollbridge.principal.name
        kept = Order(id=len(orders) + 1, ordered_at=datetime.now(UTC), ordered_by=caller, **order.model_dump())
        orders[kept.id] = kept
        async with app.state.changed:
            app.state.changed.notify_all()
        return kept

    @app.get("/orders")
    async def all_orders() -> list[Order]:
        """List every order."""
        return list(app.state.orders.values())

    @app.get("/orders/{order_id}")
    async def one_order(order_id: int) -> Order:
        """Give one order."""
        found: Order | None = app.state.orders.get(order_id)
        if found is None:
            raise HTTPException(404, f"there is no order {order_id}")
        return found

    @app.websocket("/orders/live")
    async def live(socket: WebSocket) -> None:
        """Send each new order as it is placed."""
        await socket.accept()
        sent = len(app.state.orders)
        try:
            while True:
                async with app.state.changed:
                    while len(app.state.orders) <= sent:
                        await app.state.changed.wait()
                for order in list(app.state.orders.values())[sent:]:
                    await socket.send_text(order.model_dump_json())
                    sent += 1
        except WebSocketDisconnect:
            return

    return app
