"""The parts of the benchmark: modules with a `run_part(scale)` that prints their tables."""

from dataclasses import dataclass

# Options of every batch: the homepage and contact page, which with robots.txt and the sitemap makes
# four requests per site; keep as many pages as the sitemap lists.
OPTIONS = {"fetch_pages": 2, "max_pages": 100}


@dataclass(frozen=True, slots=True)
class Scale:
    """The requested size of a run."""

    sites: int
    # A folder of real pages; empty for generated ones.
    pages: str = ""
    # A folder that keeps the filled databases of the lists for later runs; empty to drop them.
    keep: str = ""
