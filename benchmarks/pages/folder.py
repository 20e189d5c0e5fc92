"""Real pages from a folder of .html and .html.gz files."""

import gzip
from pathlib import Path

from benchmarks.pages.made import SitePages

# Added to each homepage, so that both sides find the second page.
LINK = b'\n<a href="/contact/">Contact</a>\n'


def read_pages(folder: Path) -> list[SitePages]:
    """Return the pages of a folder in pairs, each page once as a homepage.

    Raises `ValueError` if there are none.
    """
    files = sorted([*folder.glob("*.html"), *folder.glob("*.html.gz")])
    if not files:
        raise ValueError(f"There are no .html or .html.gz files in {folder}.")
    pages = [_read(file) for file in files]
    return [
        SitePages(page + LINK, pages[(index + len(pages) // 2) % len(pages)])
        for index, page in enumerate(pages)
    ]


def _read(file: Path) -> bytes:
    content = file.read_bytes()
    return gzip.decompress(content) if file.suffix == ".gz" else content
