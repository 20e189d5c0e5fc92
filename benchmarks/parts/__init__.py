"""What is measured: each part is a module with `run_part(asked)`, which prints its tables."""

from dataclasses import dataclass

FETCH_PAGES = 2
"""The homepage and the contact page: with robots.txt and sitemap, four requests a site."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked of a run."""

    sites: int
    pages: str = ""
    """A folder of real pages; empty for made ones."""
