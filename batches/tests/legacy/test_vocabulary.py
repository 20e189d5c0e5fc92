"""Words of the older system, and technologies as its installations wrote them down."""

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
