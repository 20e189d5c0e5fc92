"""Terms of the older system, and technologies as stored by its installations."""

import json
from typing import Any

import pytest

from batches.legacy.vocabulary import UNFINISHED, VOCABULARIES
from batches.models import Batch, Job
from batches.tests.legacy.converted import check, convert
from batches.tests.legacy.legacy_database import create_tables, insert
from batches.tests.legacy.legacy_domains import OldDomain
from scans.models import Domain, Technology

STACKS = [
    (["nginx", " PHP ", "", 5, None], {"nginx": "", "PHP": ""}),
    ([{"name": "PHP", "version": "8.1", "category": "language"}], {"PHP": "8.1"}),
    ({"WordPress": "6.4", "nginx": True, "IIS": False}, {"WordPress": "6.4", "nginx": ""}),
    ({"cms": "Drupal", "cdn": ["Fastly", "Akamai"]}, {"Drupal": "", "Fastly": "", "Akamai": ""}),
    ({"PHP": {"version": "8"}, "x": {"name": "Vue"}}, {"PHP": "8", "Vue": ""}),
    ("nginx", {}),
    (["x" * 101], {}),
    ({}, {}),
]


@pytest.mark.parametrize("word", ["InProgress", "in_progress", "IN-PROGRESS", " in progress "])
def test_a_word_is_read_however_it_is_spelled(word: str) -> None:
    assert VOCABULARIES["job"].read(word) == (UNFINISHED, True)


def test_a_word_that_nobody_knows_has_failed() -> None:
    for name in ("batch", "job", "domain"):
        assert VOCABULARIES[name].read("Purple") == ("failed", False)


# The values of enums and literals in the older system's public code.
LITERALS = {
    "batch": "pending processing completed failed cancelled error partial complete",
    "job": "pending running complete failed cancelled Queued InProgress Completed Error Cancelled",
    "domain": "active pending processing completed error scanned failed",
    "sitemap": "pending queued processing submitted failed Queued Processing Completed Error",
    "processor_type": "domain_batch",
    "job_type": "sitemap sitemap_scan domain_batch email_scan",
    "page_type": "contact_root career_contact about_root services_root menu_root pricing_root "
    "team_root legal_root wp_prospect unknown product post page category tag image video pdf",
    "sitemap_kind": "index standard image video news unknown INDEX",
    "sitemap_source": "robots_txt common_path sitemap_index html_link manual manual_test unknown",
    "email_type": "SERVICE CORPORATE FREE UNKNOWN service Corporate",
    "curation": "New Selected Maybe Not-a-Fit Archived Completed Queued Processing Complete Error "
    "Skipped",
    "role": "USER ADMIN SUPER_ADMIN GLOBAL_ADMIN basic admin super_admin system_admin",
}


@pytest.mark.parametrize("name", LITERALS)
def test_every_literal_of_the_older_code_is_known(name: str) -> None:
    unknown = [text for text in LITERALS[name].split() if not VOCABULARIES[name].read(text)[1]]
    assert unknown == []


@pytest.mark.parametrize(
    ("text", "page_type"),
    [
        ("contact_root", "contact"),
        ("about_root", "about"),
        ("services_root", "services"),
        ("team_root", "team"),
        ("pricing_root", "pricing"),
        ("legal_root", "legal"),
        ("unknown", "other"),
    ],
)
def test_page_types_of_the_older_code_are_those_of_this_system(text: str, page_type: str) -> None:
    assert VOCABULARIES["page_type"].read(text) == (page_type, True)


def test_every_word_becomes_one_of_this_system() -> None:
    allowed = {
        "batch": {*Batch.Status.values, UNFINISHED},
        "job": {*Job.Status.values, UNFINISHED},
        "domain": set(Domain.Status.values),
        "sitemap": {*Domain.SitemapAnalysis.values, UNFINISHED},
        "processor_type": set(Batch.ProcessorType.values),
        "job_type": set(Job.Type.values),
    }
    for name, known in allowed.items():
        vocabulary = VOCABULARIES[name]
        assert {*vocabulary.lists.values(), vocabulary.otherwise} <= known


@pytest.mark.parametrize(("stack", "named"), STACKS)
def test_technologies_are_read_where_they_read_as_names(
    legacy: Any, stack: Any, named: dict[str, str]
) -> None:
    create_tables(legacy, "before")
    facts = {"tech_stack": json.dumps(stack)}
    insert(legacy, "before", "domains", OldDomain(1, "a.example.com", None, facts).row())
    convert()
    assert dict(Technology.objects.values_list("name", "version")) == named
    assert Domain.objects.get().technologies == sorted(named)
    assert Domain.objects.get().metadata["legacy"]["tech_stack"] == stack
    assert check().faults == []
