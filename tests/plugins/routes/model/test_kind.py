"""The kind `model`, as a gateway uses it."""

import pytest
from tests.plugins.routes.model.conftest import Publish, define

from tollbridge import Principal, ScopeSet
from tollbridge.administering import open_call
from tollbridge.services.kinds import Running
from tollbridge_routes.model.kind import ModelKind

KIND = ModelKind()


def test_kind_names_the_model_that_is_asked_and_what_describes_it() -> None:
    assert KIND.models(define(model="small")) == ["small"]
    assert KIND.models(define(model="")) == []
    assert [(each.name, each.method, each.price) for each in KIND.operations(define())] == [("describe", "GET", 0)]
    assert (KIND.secrets(define()), KIND.gated(define()), KIND.changes(define(), define())) == ((), False, [])


@pytest.mark.parametrize(("model", "told"), [("small", []), ("lost", ["model"])])
async def test_trial_asks_the_least_there_is(publish: Publish, model: str, told: list[str]) -> None:
    bridge = await publish()
    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    call = open_call(scope, bridge.clock)
    issued = await bridge.gateway.tokens.issue(name="payer", scopes=("model:*",))
    call.principal = Principal(id=issued.token.id, name="payer", scopes=ScopeSet(("model:*",)))
    running = Running("svc_1", "fast", "", "rel_1", 1, "1", define(model=model, most={"output": 5}))

    proof = await KIND.prove(bridge.gateway, running, call)

    assert [problem.field for problem in proof.problems] == told
    assert proof.passed is not bool(told)
    assert all(problem.message for problem in proof.problems)
