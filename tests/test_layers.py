"""The direction of imports: each layer imports only lower ones."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ("scrapersky", "batches", "scans")
# Folder -> project modules that it may import. Tests and migrations may import anything.
ALLOWED = {
    # Two modules of the web layer know nothing of Django: text and log lines are cleaned there.
    "scans/engine": ("scans.engine", "scrapersky.web.text", "scrapersky.web.logs"),
    "scrapersky/tenants": ("scrapersky.tenants", "scrapersky.web"),
    "scrapersky/web": ("scrapersky.tenants", "scrapersky.web"),
    "scans": ("scans", "scrapersky.tenants", "scrapersky.web", "scrapersky.schema.operations"),
    # Jobs are scanned without the database; the runner, above, claims and stores them.
    "batches/scanning": (
        "batches.scanning",
        "batches.models",
        "batches.options",
        "scans.engine",
        "scans.fetch_settings",
    ),
}


def modules(folder: str) -> Iterator[Path]:
    for path in (ROOT / folder).rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if not {"tests", "migrations"} & set(parts):
            yield path


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_layer_imports_only_those_below_it(folder: str) -> None:
    checked, wrong = 0, []
    for path in modules(folder):
        for name in imported(path):
            checked += name.startswith(PROJECT)
            is_ours = name.split(".")[0] in PROJECT
            if is_ours and not name.startswith(ALLOWED[folder]):
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
    assert checked
    assert wrong == []
