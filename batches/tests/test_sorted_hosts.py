"""Sorting the hosts of a list on disk."""

import random
from pathlib import Path

import pytest

from batches.sorted_hosts import Run, SortedHosts


@pytest.fixture
def files(tmp_path: Path) -> SortedHosts:
    return SortedHosts(tmp_path / "a.list")


def runs_of(files: SortedHosts, hosts: list[str], size: int) -> list[Run]:
    runs: list[Run] = []
    places = [(host, position) for position, host in enumerate(hosts)]
    for start in range(0, len(hosts), size):
        at = runs[-1].end if runs else 0
        runs.append(files.add_run(places[start : start + size], at))
    return runs


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_each_host_comes_once_in_order_with_its_first_position(
    files: SortedHosts, size: int
) -> None:
    hosts = [f"{name}{end}" for name in ("a", "b", "a-b", "a.b") for end in (".co", ".com:8080")]
    listed = hosts * 3 + [f"s{number}.com" for number in range(50)] + ["a.co"]
    random.Random(3).shuffle(listed)
    merged = files.merge(runs_of(files, listed, size))
    places = list(files.read(0, merged.bytes))
    assert [(place.host, place.position) for place in places] == sorted(
        (host, listed.index(host)) for host in set(listed)
    )
    assert (merged.hosts, merged.bytes) == (len(places), places[-1].end)


def test_reading_can_begin_after_any_line_and_at_the_middle(files: SortedHosts) -> None:
    merged = files.merge(runs_of(files, [f"s{number:02}.com" for number in range(20)], 3))
    whole = list(files.read(0, merged.bytes))
    for number, place in enumerate(whole, start=1):
        assert list(files.read(place.end, merged.bytes)) == whole[number:]
    halves = [*files.read(0, merged.middle)], [*files.read(merged.middle, merged.bytes)]
    assert halves[0] + halves[1] == whole
    assert min(map(len, halves)) >= 9


def test_a_run_that_a_killed_process_began_is_overwritten(files: SortedHosts) -> None:
    first = files.add_run([("b.com", 0)], 0)
    files.add_run([("x.com", 1), ("y.com", 2)], first.end)
    second = files.add_run([("a.com", 1)], first.end)
    merged = files.merge([first, second])
    assert [place.host for place in files.read(0, merged.bytes)] == ["a.com", "b.com"]


def test_an_empty_list_has_no_host(files: SortedHosts) -> None:
    assert files.merge([]) == (0, 0, 0)
    assert files.merge([files.add_run([], 0)]) == (0, 0, 0)


def test_a_file_that_ends_early_is_not_taken_for_the_whole_list(files: SortedHosts) -> None:
    merged = files.merge(runs_of(files, ["a.com", "b.com"], 1))
    with pytest.raises(EOFError):
        list(files.read(0, merged.bytes + 1))
