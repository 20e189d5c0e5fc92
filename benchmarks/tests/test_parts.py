"""Every part runs, at a tiny size, and prints its figures."""

import re
from pathlib import Path

import pytest

from benchmarks import crawl, database
from benchmarks.__main__ import PARTS, main
from benchmarks.parts import exports, hosts, latency, legacy
from tests.migrated import copy_migrated_database, fill_empty_postgres


def figures(printed: str, name: str) -> list[float]:
    """Return the numbers in the table row with this name."""
    line = next(line for line in printed.splitlines() if line.lstrip("│ ").startswith(name))
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*", line)]


@pytest.fixture(autouse=True)
def migrated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy the migrated database of the test run instead of migrating one more."""
    monkeypatch.setattr(database, "migrate", copy_migrated)


def copy_migrated(url: str) -> None:
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite":
        copy_migrated_database(Path(path))
    else:
        fill_empty_postgres(url)


@pytest.fixture
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip crawls with a process per core, which differ from the others only in number."""
    monkeypatch.setattr(crawl, "cores", lambda: 1)


@pytest.mark.usefixtures("one_core")
def test_the_engine_is_measured_beside_scrapy_doing_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["engine", "--sites", "4"])
    printed = capsys.readouterr().out
    assert "cores" in printed
    assert figures(printed, "ScraperSky's engine")[4] == 16  # requests
    assert figures(printed, "Scrapy, one process")[4] == 16
    assert figures(printed, "Scrapy whole, one process")[4] == 16
    assert figures(printed, "all")[0] > 0


@pytest.mark.usefixtures("one_core")
def test_a_batch_is_measured_beside_scrapy_storing_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["batch", "--sites", "4"])
    printed = capsys.readouterr().out
    output = printed[printed.index("results of each program") :]
    assert figures(output, "ScraperSky, a batch")[::2] == [4, 400]  # sites, pages
    assert figures(output, "Scrapy, one process")[::2] == [4, 400]
    assert figures(output, "Scrapy whole, one process") == figures(output, "ScraperSky, a batch")


def test_two_hosts_are_measured_on_small_batches_beside_a_large_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "EACH", 10)
    main(["hosts", "--sites", "40"])
    printed = capsys.readouterr().out
    small = figures(printed, "4 ")
    assert small[:3] == [4, 40, 40]  # batches, sites, scanned
    assert all(figure > 0 for figure in small)


def test_two_hosts_stop_at_the_end_of_the_period(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "EACH", 10)
    monkeypatch.setattr(hosts, "PERIOD", 0.001)
    main(["hosts", "--sites", "40"])
    assert figures(capsys.readouterr().out, "4 ")[:4] == [4, 40, 0, 0]


def test_slow_sites_are_measured_against_what_is_allowed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "SLOTS", (2,))
    monkeypatch.setattr(latency, "LATENCY", 0.2)
    main(["latency", "--sites", "2"])
    slots, sites, allowed, *_, cpu = figures(capsys.readouterr().out, "2 ")
    assert (slots, sites) == (2, 2)
    assert allowed <= 2.5  # 0.0 where the cores allow hardly any
    assert cpu > 0


def test_creation_is_measured_on_both_databases(capsys: pytest.CaptureFixture[str]) -> None:
    main(["create", "--sites", "60"])
    printed = capsys.readouterr().out
    assert figures(printed, "SQLite")[0] > 0
    assert "PostgreSQL" in printed
    assert figures(printed, "batch_progress")[0] > 0


def test_a_batch_is_measured_from_its_post_to_running(capsys: pytest.CaptureFixture[str]) -> None:
    main(["large", "--sites", "30"])
    printed = capsys.readouterr().out
    moments = ("the response", "the complete list", "running")
    response, complete, running = (figures(printed, moment)[0] for moment in moments)
    assert response <= complete <= running


def test_a_check_of_a_list_is_measured_on_both_databases(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["intake", "--sites", "60"])
    printed = capsys.readouterr().out
    for name in ("SQLite", "PostgreSQL"):
        assert name in printed
    for name in ("pasted", "CSV", "XLSX"):
        lines = [line for line in printed.splitlines() if f" {name} " in line]
        assert len(lines) == 2
        for line in lines:
            new, known = re.findall(r"\d[\d,.]*", line.replace(" s ", " "))[-3:-1]
            assert int(new) > 0
            assert int(known) > int(new)
    assert figures(printed, "600 ")[:2] == [600, 600]  # rows, domains


def test_small_parts_of_the_engine_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["micro", "--sites", "2"])
    printed = capsys.readouterr().out
    assert figures(printed, "read_page, all extractors")[0] > 0
    assert figures(printed, "sitemap")[0] == 2


def test_a_conversion_is_measured_beside_a_bare_copy_of_its_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(legacy.SHAPES, "after")
    main(["legacy", "--sites", "2"])
    printed = capsys.readouterr().out
    assert "200 batches, 1,000 jobs, 400 domains, before the older script" in printed
    assert figures(printed, "conversion after the script")[0] > 0
    assert figures(printed, "bare INSERT ... SELECT")[2] == 1
    assert figures(printed, "conversion, verified")[0] > 0
    assert "domains, after the older script ran on the former" in printed
    written = re.findall(r"([\d,]+) rows written", printed)
    assert len(written) == 2
    for rows in written:
        assert int(rows.replace(",", "")) >= 200 + 1_000 + 392


def test_exports_are_measured_beside_a_bare_copy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "OUTPUTS", ("copy", "xlsx"))
    monkeypatch.setattr(exports, "DOMAINS", 100)
    main(["exports", "--sites", "1"])
    printed = capsys.readouterr().out
    for name in ("bare COPY", "xlsx"):
        rows, speed, *_ = figures(printed, name)
        assert rows == 100
        assert speed > 0


def test_an_unknown_part_is_refused_with_the_names_of_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    errors = capsys.readouterr().err
    assert all(name in errors for name in PARTS)


def test_a_spreadsheet_comes_back_unchanged_on_both_databases(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["columns", "--sites", "1"])
    printed = capsys.readouterr().out
    for kind in ("SQLite", "PostgreSQL"):
        assert figures(printed, kind)[-1] == 0  # different cells
        assert 101 * 40 in figures(printed, kind)
