"""How the slots of a tenant are shared among its batches."""

from collections.abc import Iterable
from uuid import UUID

from batches.runner.tenant_slots import LimitedBatch, within_tenants

TENANT = UUID(int=1)
A, B, C = (UUID(int=number) for number in (10, 11, 12))


def rows(ids: Iterable[UUID], most: int) -> list[LimitedBatch]:
    return [LimitedBatch(pk, TENANT, most) for pk in ids]


def used(**counts: int) -> dict[str, int]:
    return {str({"a": A, "b": B, "c": C}[name]): count for name, count in counts.items()}


def test_batches_of_other_tenants_keep_their_limits() -> None:
    limits = {None: 100, A: 25, B: 25}
    assert within_tenants(limits, {}, {}, rows([B], 10)) == {None: 100, A: 25, B: 10}


def test_batches_share_the_limit_fairly() -> None:
    assert within_tenants({A: 25, B: 25}, {}, {}, rows([A, B], 10)) == {A: 5, B: 5}


def test_a_second_batch_waits_for_slots_that_the_first_still_uses() -> None:
    lowered = within_tenants({A: 25, B: 25}, used(a=10), {}, rows([A, B], 10))
    assert lowered == {A: 5, B: 0}
    lowered = within_tenants({A: 25, B: 25}, used(a=7), {}, rows([A, B], 10))
    assert lowered == {A: 5, B: 3}


def test_slots_on_other_workers_count() -> None:
    lowered = within_tenants({A: 25, B: 25}, used(a=1), used(a=4, b=3), rows([A, B], 10))
    assert lowered == {A: 1, B: 2}


def test_the_slots_of_a_batch_without_waiting_jobs_count() -> None:
    assert within_tenants({B: 25}, used(a=8), {}, rows([A, B], 10)) == {B: 2}


def test_more_batches_than_slots_get_one_each_while_there_are_any() -> None:
    assert within_tenants({A: 25, B: 25, C: 25}, {}, {}, rows([A, B, C], 2)) == {A: 1, B: 1, C: 0}


def test_a_limit_that_is_lowered_gives_no_slots_until_enough_are_free() -> None:
    lowered = within_tenants({A: 25, B: 25}, used(a=6, b=1), {}, rows([A, B], 4))
    assert lowered == {A: 2, B: 1}
