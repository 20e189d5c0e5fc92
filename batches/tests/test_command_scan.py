"""`manage.py scan`: sites scanned in this process, without a database."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from batches.tests.sites import Sites


def run(*arguments: str) -> tuple[str, int]:
    """Return what the command printed and its exit code."""
    out = StringIO()
    try:
        call_command("scan", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def results_of(*arguments: str) -> tuple[list[dict[str, Any]], int]:
    text, code = run(*arguments, "--json")
    return [json.loads(line) for line in text.splitlines()], code


def test_a_site_is_scanned_without_a_database(sites: Sites) -> None:
    results, code = results_of("a.site.test")
    assert code == 0
    assert (results[0]["domain"], results[0]["status"]) == ("a.site.test", "complete")
    assert (results[0]["verdict"], results[0]["emails"]) == ("ok", ["info@a.site.test"])
    assert results[0]["report"]["title"] == "a.site.test"


def test_one_failed_site_makes_the_exit_code_one_and_stops_no_other(sites: Sites) -> None:
    results, code = results_of("b.site.test", "lost.none.test", "not a domain", "c.site.test")
    assert code == 1
    ends = [(result["domain"], result["status"], result["failure_reason"]) for result in results]
    assert ends == [
        ("b.site.test", "complete", ""),
        ("lost.none.test", "failed", "dns_not_found"),
        ("not a domain", "failed", "invalid_domain"),
        ("c.site.test", "complete", ""),
    ]


def test_results_are_told_to_people_and_progress_goes_to_stderr(
    sites: Sites, capsys: pytest.CaptureFixture[str]
) -> None:
    text, _ = run("a.site.test", "lost.none.test")
    assert "a.site.test  ok" in text
    assert "E-mails      info@a.site.test" in text
    assert "lost.none.test  dns_not_found" in text
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2/2" in captured.err


def test_a_title_cannot_steer_the_terminal(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "batches.tests.sites.PAGE", "<title>Hi &#155;31m\x1b[2J</title><p>Some words to read.</p>"
    )
    text, _ = run("a.site.test")
    assert "Hi" in text
    assert "\x1b" not in text
    assert "\x9b" not in text


def test_a_defect_of_the_scanner_ends_its_own_site_only(
    monkeypatch: pytest.MonkeyPatch, sites: Sites
) -> None:
    from batches.management.commands import scan

    honest = scan.scan_site

    def defective(domain: str, *arguments: Any, **options: Any) -> Any:
        if domain == "bad.site.test":
            raise ZeroDivisionError
        return honest(domain, *arguments, **options)

    monkeypatch.setattr(scan, "scan_site", defective)
    results, code = results_of("bad.site.test", "a.site.test")
    assert [result["failure_reason"] for result in results] == ["internal_error", ""]
    assert code == 1


def test_the_options_of_a_batch_hold(sites: Sites) -> None:
    results, _ = results_of("a.site.test", "--no-sitemaps", "--no-obey-robots")
    urls = [request["url"] for request in results[0]["report"]["requests"]]
    assert not any("sitemap" in url for url in urls)
    assert results[0]["report"]["robots"]["obeyed"] is False


def test_an_option_out_of_bounds_is_named() -> None:
    with pytest.raises(CommandError, match="--max-pages: Must be a whole number from 1"):
        run("a.site.test", "--max-pages", "0")


@pytest.mark.parametrize("flag", ["--stop-at-failures", "--spread-hours", "--keep-columns"])
def test_options_that_need_a_batch_are_refused(flag: str) -> None:
    with pytest.raises(CommandError, match=f"unrecognized arguments: {flag}"):
        run("a.site.test", flag)
