"""Batch options: the form, the API and the commands are generated from one definition."""

from argparse import ArgumentParser
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from batches.api.schemas import BatchIn, OptionChanges
from batches.change_forms import RetryForm
from batches.forms import BatchForm
from batches.management.arguments import add_options
from batches.options import BatchOptions, all_options, option, retry_options
from scans.engine.limits import Limits
from scrapersky.api import api

NAMES = [option.name for option in all_options()]


def arguments() -> set[str]:
    parser = ArgumentParser()
    add_options(parser, all_options())
    return {action.dest for action in parser._actions}


def test_every_option_is_in_the_form_the_api_and_the_commands() -> None:
    form = BatchForm()
    assert {field.name for field in [*form.inputs, *form.switches]} == set(NAMES)
    assert set(NAMES) <= BatchIn.model_fields.keys()
    assert OptionChanges.model_fields.keys() == set(NAMES)
    assert set(NAMES) <= arguments()


def test_every_option_says_what_it_is() -> None:
    assert [name for name in NAMES if not (option(name).label and option(name).help_text)] == []


def test_the_retry_form_offers_the_options_that_may_help() -> None:
    offered = {field.name for field in RetryForm().options}
    assert offered == {item.name for item in retry_options()}
    assert {"site_deadline", "request_delay"} <= offered < set(NAMES)


def test_the_defaults_of_a_scan_are_the_engines() -> None:
    shared = set(NAMES) & set(Limits.__dataclass_fields__)
    assert len(shared) >= 7
    batch, engine = BatchOptions(), Limits()
    assert [name for name in shared if getattr(batch, name) != getattr(engine, name)] == []


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"max_pages": True}, "Must be a whole number from 1 to 50000."),
        ({"max_pages": "5"}, "Must be a whole number from 1 to 50000."),
        ({"max_pages": 5.5}, "Must be a whole number from 1 to 50000."),
        ({"request_delay": float("nan")}, "Must be a number from 0 to 60."),
        ({"request_delay": None}, "Must be a number from 0 to 60."),
        ({"test_mode": 0}, "Must be true or false."),
        ({"colour": "red"}, "There is no option with this name."),
    ],
)
def test_a_wrong_value_is_rejected_with_what_is_valid(raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        BatchOptions.validated(raw)
    assert error.value.message_dict == {next(iter(raw)): [sentence]}


def test_a_whole_number_may_be_written_as_a_float() -> None:
    assert BatchOptions.validated({"max_pages": 5.0}).max_pages == 5


def test_stored_options_of_another_version_are_ignored() -> None:
    assert BatchOptions.stored({"max_pages": 3, "of_the_future": 1}) == BatchOptions(max_pages=3)


def test_no_schema_has_an_object_as_a_default() -> None:
    """`openapi-python-client` drops an operation whose schema has one."""
    schemas = api.get_openapi_schema()["components"]["schemas"]
    defaults = [
        (name, field)
        for name, schema in schemas.items()
        for field, facts in schema.get("properties", {}).items()
        if isinstance(facts.get("default"), dict)
    ]
    assert defaults == []


def test_options_that_differ_from_their_defaults_are_counted() -> None:
    assert BatchOptions().changed_count == 0
    assert BatchOptions(max_pages=5, follow=False).changed_count == 2


def test_an_option_that_is_zero_is_described_as_none() -> None:
    described = dict(BatchOptions(stop_at_failures=0, spread_hours=2).described())
    assert described["Pause at failures"] == "none"
    assert described["Spread over hours"] == "2"
