"""Build the stylesheet from Tabler's and the names mentioned in pages."""

import re
from pathlib import Path

from scrapersky.stylesheet.pruning import Names, prune

PROJECT = Path(__file__).resolve().parents[2]
TABLER = Path(__file__).with_name("tabler.min.css")
STYLES = PROJECT / "static" / "css"
COPY = PROJECT / "static" / "vendor" / "tabler" / "tabler.css"
# Files that may put a class into a page, including forms and template tags in Python.
SOURCES = (
    "templates/**/*.html",
    "static/js/*.js",
    "batches/**/*.py",
    "scans/**/*.py",
    "scrapersky/**/*.py",
)
NOT_PAGES = {"tests", "migrations", "management", "engine", "legacy", "runner", "stylesheet"}
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_VARIABLE = re.compile(r"--tblr-[\w-]+")


def stylesheet() -> str:
    """Return the rules of Tabler's stylesheet whose classes the project mentions."""
    return prune(TABLER.read_text(encoding="utf-8"), mentioned_names())


def mentioned_names() -> Names:
    """Return all names in templates, scripts and modules that write HTML.

    `alert-{{ level }}` mentions the prefix `alert-`.
    """
    text = "\n".join(path.read_text(encoding="utf-8") for path in _sources())
    names = frozenset(_NAME.findall(text))
    styles = "\n".join(path.read_text(encoding="utf-8") for path in STYLES.glob("*.css"))
    return Names(
        complete=names,
        beginnings=tuple(sorted(name for name in names if name.endswith("-") and len(name) > 2)),
        variables=frozenset(_VARIABLE.findall(text + styles)),
    )


def _sources() -> list[Path]:
    return [
        path
        for pattern in SOURCES
        for path in sorted(PROJECT.glob(pattern))
        if NOT_PAGES.isdisjoint(path.relative_to(PROJECT).parts)
    ]
