"""Read the signatures from their TOML files and reject invalid ones."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from scans.engine.technologies.signature import Example, Place, Signature

CATEGORIES = frozenset(
    {
        "A/B testing",
        "Accessibility",
        "Advertising",
        "Analytics",
        "Blog",
        "CDN",
        "CMS",
        "Consent",
        "Customer data platform",
        "E-commerce",
        "Error tracking",
        "Fonts",
        "Forms",
        "Forum",
        "Hosting",
        "JavaScript framework",
        "JavaScript library",
        "Live chat",
        "Maps",
        "Marketing automation",
        "Media",
        "Page builder",
        "Payment",
        "Performance",
        "Programming language",
        "Reviews",
        "Scheduling",
        "Search",
        "Security",
        "Site builder",
        "Social widget",
        "Static site generator",
        "Tag manager",
        "UI framework",
        "Video",
        "Web framework",
        "Web server",
        "WordPress plugin",
        "WordPress theme",
    }
)
MARKS = {*(place.value for place in Place), "headers", "cookies", "meta"}
FIELDS = MARKS | {
    "name", "category", "website", "versions", "confirm", "least", "slug", "implies",
    "positive", "negative",
}  # fmt: skip
EXAMPLE_FIELDS = {"html", "headers", "cookies", "version", "slug"}
# Shorter literals occur on half of all pages and reveal nothing.
SHORTEST_LITERAL = 5


class SignatureError(ValueError):
    """An invalid signature: which one, in which file, and why."""


@cache
def load_signatures() -> tuple[Signature, ...]:
    """Return all signatures in the `signatures` folder, checked, with unique names."""
    folder = files("scans.engine.technologies") / "signatures"
    texts = sorted(
        (f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".toml")
    )
    signatures = [s for name, text in texts for s in parse_signatures(text, name)]
    check_together(signatures)
    return tuple(signatures)


def parse_signatures(text: str, file_name: str) -> list[Signature]:
    """Read the `[[technology]]` tables of one TOML text; raise SignatureError on a bad one."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SignatureError(f"{file_name}: {error}") from error
    if set(tables) - {"technology"}:
        raise SignatureError(f"{file_name}: holds more than [[technology]] tables")
    return [_checked(table, file_name) for table in tables.get("technology", [])]


def check_together(signatures: Iterable[Signature]) -> None:
    """Reject duplicate names and unknown implied technologies."""
    names: set[str] = set()
    for signature in signatures:
        if signature.name in names:
            raise SignatureError(f"{signature.name}: described twice")
        names.add(signature.name)
    for signature in signatures:
        if unknown := set(signature.implies) - names:
            raise SignatureError(f"{signature.name}: implies unknown {sorted(unknown)}")


def _checked(table: dict[str, Any], file_name: str) -> Signature:
    where = f"{file_name}, {table.get('name', 'a technology without a name')}"
    try:
        _check_fields(table)
        return _signature(table)
    except (SignatureError, re.error, TypeError, AttributeError) as error:
        raise SignatureError(f"{where}: {error}") from error


def _check_fields(table: dict[str, Any]) -> None:
    if unknown := set(table) - FIELDS:
        raise SignatureError(f"unknown fields {sorted(unknown)}")
    if missing := {"name", "category", "website", "positive", "negative"} - set(table):
        raise SignatureError(f"lacks {sorted(missing)}")
    if table["category"] not in CATEGORIES:
        raise SignatureError(f"unknown category {table['category']!r}")
    if not table["website"].startswith("https://"):
        raise SignatureError("website has to start with https://")
    if ("{slug}" in table["name"]) != ("slug" in table):
        raise SignatureError("a name with {slug} and the field slug go together")
    literals = [text for place in Place for text in _strings(table, place)]
    for literal in literals:
        if len(literal) < SHORTEST_LITERAL:
            raise SignatureError(f"literal {literal!r} is too short to mean anything")
    if unknown := set(table.get("confirm", {})) - set(literals):
        raise SignatureError(f"confirm names no literal {sorted(unknown)}")


def _signature(table: dict[str, Any]) -> Signature:
    literals = {place: texts for place in Place if (texts := _strings(table, place))}
    return Signature(
        name=table["name"],
        category=table["category"],
        website=table["website"],
        literals=literals,
        headers=_patterns(table, "headers"),
        cookies=_strings(table, "cookies"),
        meta=_patterns(table, "meta"),
        versions=tuple(re.compile(text) for text in _strings(table, "versions")),
        confirm={text: re.compile(pattern) for text, pattern in table.get("confirm", {}).items()},
        least=int(table.get("least", 1)),
        slug=re.compile(table["slug"]) if "slug" in table else None,
        implies=_strings(table, "implies"),
        positive=_example(table["positive"]),
        negatives=tuple(map(_example, _as_list(table["negative"]))),
    )


def _strings(table: dict[str, Any], field: str) -> tuple[str, ...]:
    texts = table.get(field, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise SignatureError(f"{field} has to be a list of strings")
    return tuple(texts)


def _patterns(table: dict[str, Any], field: str) -> dict[str, re.Pattern[str]]:
    patterns = table.get(field, {})
    return {name.lower(): re.compile(text, re.IGNORECASE) for name, text in patterns.items()}


def _as_list(tables: Any) -> list[dict[str, Any]]:
    return tables if isinstance(tables, list) else [tables]


def _example(table: dict[str, Any]) -> Example:
    if unknown := set(table) - EXAMPLE_FIELDS:
        raise SignatureError(f"unknown fields of an example {sorted(unknown)}")
    if not table:
        raise SignatureError("an example is empty")
    return Example(
        html=table.get("html", ""),
        headers=table.get("headers", {}),
        cookies=_strings(table, "cookies"),
        version=table.get("version", ""),
        slug=table.get("slug", ""),
    )
