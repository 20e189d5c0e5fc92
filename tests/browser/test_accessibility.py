"""The checklist of docs/accessibility.md: it has every criterion, and what it names exists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page
from selectolax.lexbor import LexborHTMLParser

from scrapersky.tenants.models import User
from tests.access.world import World
from tests.browser.test_every_page import EVERY_RULE, urls

BASE = Path(__file__).resolve().parent.parent.parent
CHECKLIST = (BASE / "docs" / "accessibility.md").read_text()
# The criteria of WCAG 2.2, level A and AA, by guideline: https://www.w3.org/TR/WCAG22/
CRITERIA = {
    "1.1": (1,),
    "1.2": (1, 2, 3, 4, 5),
    "1.3": (1, 2, 3, 4, 5),
    "1.4": (1, 2, 3, 4, 5, 10, 11, 12, 13),
    "2.1": (1, 2, 4),
    "2.2": (1, 2),
    "2.3": (1,),
    "2.4": (1, 2, 3, 4, 5, 6, 7, 11),
    "2.5": (1, 2, 3, 4, 7, 8),
    "3.1": (1, 2),
    "3.2": (1, 2, 3, 4, 6),
    "3.3": (1, 2, 3, 4, 7, 8),
    "4.1": (2, 3),
}
ROWS = dict(re.findall(r"^\| (\d[\d.]*\d(?:(?:, | to )[\d.]+)*) [^|]+\| (.+) \|$", CHECKLIST, re.M))
NAME = re.compile(r"`([^`]+)`")


def criteria(heading: str) -> Iterator[str]:
    """Yield the criteria of a row: `1.2.1 to 1.2.5` are five."""
    if " to " not in heading:
        yield from heading.split(", ")
        return
    first, last = heading.split(" to ")
    guideline, _, start = first.rpartition(".")
    yield from (f"{guideline}.{n}" for n in range(int(start), int(last.rpartition(".")[2]) + 1))


def axe_rules(checks: str) -> list[str]:
    """Return the rules of axe that a row names."""
    part = re.search(r"axe: ((?:(?:, )?`[^`]+`)+)", checks)
    return NAME.findall(part[1]) if part else []


def test_every_criterion_has_a_row() -> None:
    listed = [criterion for heading in ROWS for criterion in criteria(heading)]
    expected = [f"{guideline}.{n}" for guideline, numbers in CRITERIA.items() for n in numbers]
    assert sorted(listed) == sorted(expected)


@pytest.mark.parametrize("heading", ROWS)
def test_every_row_names_an_existing_test_or_check(heading: str) -> None:
    checks = ROWS[heading]
    letters = re.findall(r"check ([A-Z])\b", checks)
    names = [name for name in NAME.findall(checks) if name.startswith("test_")]
    paths = [name for name in NAME.findall(checks) if "/" in name]
    tests = [path for path in paths if "/tests/" in path or path.startswith("tests/")]
    assert letters or names or tests or axe_rules(checks)
    source = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    files = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    assert [name for name in names if name not in files and f"def {name}(" not in source] == []
    assert [path for path in paths if not (BASE / path).exists()] == []
    assert [letter for letter in letters if f"- **{letter}, " not in CHECKLIST] == []


@pytest.mark.django_db
def test_navigation_and_help_are_the_same_on_every_page() -> None:
    world = World()
    client = Client()
    client.force_login(User.objects.get(username="member"))
    links = {url: links_of(client.get(url).text) for url in urls(world)}
    expected = links["/"]
    assert {"Batches", "API"} <= set(expected)
    assert {url: some for url, some in links.items() if some != expected} == {}


def links_of(html: str) -> list[str]:
    """Return the links of navigation and footer, and the shortcuts that `?` shows."""
    nodes = LexborHTMLParser(html).css(".sections a, .footer a, dialog#shortcuts h2")
    return [node.text(strip=True) for node in nodes]


def test_no_control_acts_before_the_pointer_is_released() -> None:
    """A click can then be taken back by moving the pointer away (WCAG 2.5.2)."""
    files = [*BASE.glob("static/js/*.js"), *BASE.glob("templates/**/*.html")]
    early = re.compile(r"(mouse|pointer)down|touchstart")
    assert len(files) > 50
    assert [path.name for path in files if early.search(path.read_text())] == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_axe_runs_every_rule_that_the_checklist_names(logged_in: Page) -> None:
    response = Axe().run(logged_in, options=EVERY_RULE).response
    outcomes = ("passes", "violations", "incomplete", "inapplicable")
    run = {rule["id"] for outcome in outcomes for rule in response[outcome]}
    named = {rule for checks in ROWS.values() for rule in axe_rules(checks)}
    patterns = {rule.replace("*", ".*") for rule in named}
    assert [p for p in sorted(patterns) if not any(re.fullmatch(p, rule) for rule in run)] == []
