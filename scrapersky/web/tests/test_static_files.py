"""Names, compression and caching of static files."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.templatetags.static import static
from django.test import Client

from scrapersky.web.static_files import collect_static_files

FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]


@pytest.fixture
def sources(settings: Any, tmp_path: Path) -> Path:
    """Return the folder of the only static file, not yet collected."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "site.css").write_text("a{color:red}" * 100)
    settings.STATICFILES_FINDERS = FINDERS
    settings.STATICFILES_DIRS = [folder]
    settings.STATIC_ROOT = tmp_path / "collected"
    return folder


def test_collected_files_are_compressed_and_kept_for_good_by_browsers(sources: Path) -> None:
    assert collect_static_files()
    response = Client().get(static("site.css"), HTTP_ACCEPT_ENCODING="br")
    assert response.status_code == 200
    assert "immutable" in response["Cache-Control"]
    assert response["Content-Encoding"] == "br"
    response.close()


def test_files_are_collected_again_only_after_a_change(sources: Path) -> None:
    assert collect_static_files()
    before = static("site.css")
    assert not collect_static_files()
    (sources / "site.css").write_text("a{color:green}")
    assert collect_static_files()
    assert static("site.css") != before


def test_a_file_that_an_update_brings_is_served_before_it_is_collected(sources: Path) -> None:
    assert collect_static_files()
    (sources / "late.css").write_text("a{color:red}")
    assert static("late.css") == "/static/late.css"


def test_before_the_first_start_files_are_served_from_the_repository(sources: Path) -> None:
    assert static("site.css") == "/static/site.css"
    response = Client().get("/static/site.css")
    assert response.status_code == 200
    response.close()


def test_a_folder_that_cannot_be_written_is_reported_and_the_console_starts(
    sources: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATIC_ROOT.symlink_to(sources / "missing")
    with caplog.at_level(logging.WARNING):
        assert not collect_static_files()
    assert "The static files cannot be collected" in caplog.text
    assert static("site.css") == "/static/site.css"
