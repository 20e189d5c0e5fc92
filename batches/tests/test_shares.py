"""How slots and jobs are shared among batches and tenants."""

from collections.abc import Iterable
from uuid import UUID

import pytest

from batches.runner.shares import RoundBatch, Slots, deal, slot_limits, within_tenants
from batches.scanning.messages import BatchKey

TENANT = UUID(int=1)
A, B, C = (UUID(int=number) for number in (10, 11, 12))
UNUSED = Slots({}, {})


@pytest.mark.parametrize(
    ("elsewhere", "workers", "limit"), [(0, 1, 25), (0, 2, 13), (20, 2, 5), (40, 2, 0)]
)
def test_a_worker_gets_a_fair_share_and_at_most_what_others_leave(
    elsewhere: int, workers: int, limit: int
) -> None:
    slots = Slots({}, {A: elsewhere})
    limits = slot_limits({A: RoundBatch(25)}, [A], slots, workers=workers, ceiling=100)
    assert limits == {A: limit}


def test_single_scans_are_limited_by_each_worker_alone() -> None:
    limits = slot_limits({None: RoundBatch(100)}, [None], UNUSED, workers=4, ceiling=100)
    assert limits == {None: 100}


def test_a_batch_that_has_ended_has_no_slots() -> None:
    assert slot_limits({}, [A], UNUSED, workers=1, ceiling=100) == {}


def test_jobs_are_dealt_one_each_until_the_budget_is_spent() -> None:
    assert deal(7, {A: 10, B: 2, C: 0}) == {A: 5, B: 2}
    assert deal(3, {A: 10, B: 10, C: -4}) == {A: 2, B: 1}
    assert deal(0, {A: 10}) == {}


def batches(ids: Iterable[UUID], most: int) -> dict[BatchKey, RoundBatch]:
    return {pk: RoundBatch(25, tenant=TENANT, max_sites=most) for pk in ids}


def test_batches_of_other_tenants_keep_their_limits() -> None:
    limits = {None: 100, A: 25, B: 25}
    others = {None: RoundBatch(100), A: RoundBatch(25, tenant=UUID(int=2))}
    assert within_tenants(limits, others | batches([B], 10), UNUSED) == limits | {B: 10}


def test_batches_share_the_limit_fairly() -> None:
    assert within_tenants({A: 25, B: 25}, batches([A, B], 10), UNUSED) == {A: 5, B: 5}


@pytest.mark.parametrize(("in_use", "granted"), [(10, 0), (7, 3)])
def test_a_second_batch_waits_for_slots_that_the_first_still_uses(
    in_use: int, granted: int
) -> None:
    lowered = within_tenants({A: 25, B: 25}, batches([A, B], 10), Slots({A: in_use}, {}))
    assert lowered == {A: 5, B: granted}


def test_slots_on_other_workers_count() -> None:
    slots = Slots({A: 1}, {A: 4, B: 3})
    assert within_tenants({A: 25, B: 25}, batches([A, B], 10), slots) == {A: 1, B: 2}


def test_the_slots_of_a_batch_without_waiting_jobs_count() -> None:
    assert within_tenants({B: 25}, batches([A, B], 10), Slots({A: 8}, {})) == {B: 2}


def test_more_batches_than_slots_get_one_each_while_there_are_any() -> None:
    lowered = within_tenants({A: 25, B: 25, C: 25}, batches([A, B, C], 2), UNUSED)
    assert lowered == {A: 1, B: 1, C: 0}


def test_a_limit_that_is_lowered_gives_no_slots_until_enough_are_free() -> None:
    lowered = within_tenants({A: 25, B: 25}, batches([A, B], 4), Slots({A: 6, B: 1}, {}))
    assert lowered == {A: 2, B: 1}
