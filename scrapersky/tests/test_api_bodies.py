"""The bodies that the API accepts, read from its own document."""

import re
from collections.abc import Iterator
from typing import Any

from scrapersky.api import api

OLDER = re.compile(r"/api/v3/(batch_page_scraper|sitemap)/")


def request_bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path and schema of each JSON body."""
    document = api.get_openapi_schema()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            for option in schema.get("anyOf", [schema]):
                if name := option.get("$ref", "").rpartition("/")[2]:
                    yield path, document["components"]["schemas"][name]


def test_unknown_fields_are_refused_except_on_the_paths_of_older_clients() -> None:
    bodies = [(path, schema) for path, schema in request_bodies() if not OLDER.match(path)]
    assert len(bodies) > 10
    for path, schema in bodies:
        assert schema.get("additionalProperties") is False, (path, schema["title"])
