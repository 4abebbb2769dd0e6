"""What is called of an app of the gateway's own."""

from tollbridge.call import Call
from tollbridge.formats.dialect import Operation
from tollbridge.layers.operations import Operations
from tollbridge.testing.samples import NOON


async def nobody(scope: object, receive: object, send: object) -> None:
    pass


def test_service_and_operation_are_named_before_anybody_asks_who_calls() -> None:
    asked = []

    def find(call: Call) -> Operation:
        asked.append(call.path)
        return Operation(scope="admin:things:read", label="things", ai=False)

    call = Call("req_1", NOON, 0.0, "http", "GET", "/a", [])
    Operations(nobody, service="things", find=find).head(call)

    assert (call.service, call.operation and call.operation.label, asked) == ("things", "things", ["/a"])
