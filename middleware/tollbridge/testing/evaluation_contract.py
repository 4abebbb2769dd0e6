"""What every store promises of what trials of releases gave, as tests.  Subclass as `StoreContract` says."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tollbridge.errors import BadRequest
from tollbridge.services.evaluating import KEPT, Evaluation
from tollbridge.services.kinds import CaseResult
from tollbridge.services.lifecycle import Move
from tollbridge.stores.base import Store
from tollbridge.stores.services import NewEvaluation, ServiceStore
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.service_contract import begun, made, moved, states

GOOD, BAD = CaseResult("polite", (), 2_000, 40), CaseResult("short\0", ("it is too long",), None, 90)


async def tried(services: ServiceStore, release_id: str = "rel_svc_1_1", **said: Any) -> Evaluation:
    """Write what a trial of a release gave; it was passed, unless something else is said."""
    wished = {"release_id": release_id, "at": NOON, "by": "tok_1", "passed": True, "cases": (GOOD,), **said}
    found = await services.add_evaluation(NewEvaluation(**wished), ACT)
    assert found is not None
    return found


class EvaluationContract:
    """Tests of what `ServiceStore` keeps of trials."""

    async def test_evaluation_comes_back_as_it_was_written(self, store: Store) -> None:
        services = await begun(store)
        release = await made(services, "1")
        later = NOON + timedelta(microseconds=1)

        first = await tried(services, passed=False, models=("small", "api/é"), cases=(GOOD, BAD))
        second = await tried(services, at=later)

        assert first == Evaluation(
            release_id=release.id,
            number=1,
            at=NOON,
            by="tok_1",
            passed=False,
            digest=release.digest,
            models=("small", "api/é"),
            cases=(GOOD, BAD),
        )
        assert (second.number, second.at, second.passed) == (2, later, True)
        assert await services.list_evaluations(release.id) == [second, first]
        assert await services.list_evaluations(release.id, limit=1) == [second]
        assert await services.list_evaluations("rel_9") == []

    async def test_evaluation_of_what_is_not_there_is_not_written(self, store: Store) -> None:
        services = await begun(store)
        new = NewEvaluation(release_id="rel_9", at=NOON, by="tok_1", passed=True)

        assert await services.add_evaluation(new, ACT) is None
        assert await store.list_audit(action="service.prove") == []

    async def test_evaluation_is_one_record_without_what_was_said(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")

        await tried(services, passed=False, cases=(GOOD, BAD))

        (record,) = await store.list_audit(action="service.prove")
        assert record.target == "svc_1"
        assert msgspec.json.decode(record.after) == {
            **{"release": "rel_svc_1_1", "number": 1, "version": "1"},
            **{"passed": False, "cases": 2, "cases_passed": 1},
        }

    async def test_only_the_newest_evaluations_of_a_release_are_kept(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await made(services, "2")
        await tried(services, "rel_svc_1_2")
        for _ in range(KEPT + 2):
            await tried(services)

        found = await services.list_evaluations("rel_svc_1_1")

        assert [one.number for one in found] == list(range(KEPT + 2, 2, -1))
        assert len(await services.list_evaluations("rel_svc_1_2")) == 1

    async def test_release_that_must_be_proved_is_published_only_after_it_passed(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        at = NOON + timedelta(hours=1)

        for asked in ({"move": Move.PUBLISH}, {"move": Move.SCHEDULE, "at": at}):
            with pytest.raises(BadRequest, match="was not tried yet") as caught:
                await moved(services, 1, proved=True, **asked)
            assert (caught.value.status, caught.value.code) == (409, "not_proven")
        await tried(services)
        await tried(services, passed=False, cases=(GOOD, BAD))
        with pytest.raises(BadRequest, match="1 of 2 cases passed"):  # the last one counts
            await moved(services, 1, Move.PUBLISH, proved=True)
        assert await states(services) == ["made"]
        await tried(services)
        await moved(services, 1, Move.SCHEDULE, proved=True, at=at)
        await moved(services, 1, Move.PUBLISH, proved=True)
        assert await states(services) == ["live"]

    async def test_other_moves_need_no_proof(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")

        await moved(services, 1, Move.SUBMIT, proved=True)
        await moved(services, 1, Move.APPROVE, proved=True)

        assert await states(services) == ["approved"]

    async def test_release_that_served_goes_back_without_another_proof(self, store: Store) -> None:
        services = await begun(store)
        for version in ("1", "2"):
            await made(services, version)
            await moved(services, int(version), Move.PUBLISH)

        await moved(services, 1, Move.PUBLISH, proved=True)

        assert await states(services) == ["live", "superseded"]

    async def test_forgotten_service_takes_its_evaluations_along(self, store: Store) -> None:
        services = await begun(store)
        await made(services, "1")
        await tried(services)

        await services.drop_service("svc_1", ACT)

        assert await services.list_evaluations("rel_svc_1_1") == []
