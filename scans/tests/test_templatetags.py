"""Template tags and filters."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from scans.reports import read_report
from scans.templatetags import console


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (None, "\N{EN DASH}"),
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.99, "10.0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7_500, "2 h 5 min"),
        (7_200_000, "2,000 h 0 min"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(seconds: Any, sentence: str) -> None:
    assert console.duration(seconds) == sentence


@pytest.mark.parametrize(
    ("count", "sentence"),
    [(None, "0 B"), (999, "999 B"), (1_234, "1.2 KB"), (2_500_000, "2.5 MB"), (3e12, "3,000.0 GB")],
)
def test_sizes_are_said_in_their_largest_unit(count: Any, sentence: str) -> None:
    assert console.filesize(count) == sentence


def test_facts_are_shown_if_known_and_only_named_if_not() -> None:
    report = read_report({"domain": "a.example", "language": "de", "x_robots_tag": "noindex"})
    facts = console.facts(report)
    assert facts["known"] == [
        ("Language", "de"),
        ("Robots directive", "noindex"),
        ("Contacts", 0),
        ("Technologies", 0),
        ("Sitemaps", 0),
    ]
    assert facts["unknown"] == ["HTTP status", "Server", "Charset", "Generator"]


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (0, "0 %"),
        (None, "0 %"),
        (0.5, "50 %"),
        (0.12345, "12.3 %"),
        (0.99999, "99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_100_only_when_all_is_done(share: Any, sentence: str) -> None:
    assert console.percent(share) == sentence


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (5, "just now"),
        (90, "1\xa0minute ago"),
        (7_300, "2\xa0hours ago"),
        (-5_430, "in 1\xa0hour"),
        (-20, "just now"),
    ],
)
def test_moments_are_named_in_their_largest_unit(ago: int, text: str) -> None:
    assert console.relative(timezone.now() - timedelta(seconds=ago)) == text


def test_the_title_of_a_time_is_exact_and_names_the_zone() -> None:
    moment = datetime(2026, 7, 1, 23, 30, 5, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert console.time(moment, "day") == (
            '<time datetime="2026-07-02T01:30:05+02:00" '
            'title="2026-07-02 01:30:05 Europe/Berlin (CEST)">2026-07-02</time>'
        )
    assert "UTC" in console.time(moment)
    assert "<time" not in console.time(None)


def test_reasons_are_said_in_words() -> None:
    assert console.readable("dns_not_found") == "DNS not found"
    assert console.reason_sentence("tls_error").startswith("The site's certificate")
    assert console.reason_sentence("no such reason") == ""
    assert console.retry_may_help("read_timeout") is True
    assert console.retry_may_help("no such reason") is False


def test_commands_in_a_sentence_are_set_as_code() -> None:
    assert console.with_code("Is `a & b` running?") == "Is <code>a &amp; b</code> running?"
    assert console.with_code("<b>") == "&lt;b&gt;"


def test_every_stage_of_a_scan_is_said_in_words() -> None:
    assert console.stage_name("sitemaps") == "Reading sitemaps"
    assert console.stage_name("") == "Waiting"
    assert console.stage_name("some_other") == "Some other"


def test_a_badge_says_its_words_and_no_markup() -> None:
    assert console.badge("ok") == '<span class="state state-ok">OK</span>'
    assert "<b>" not in console.badge("failed", "<b>")
