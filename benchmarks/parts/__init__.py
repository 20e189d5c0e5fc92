"""What is measured: each part is a module with `run_part(asked)`, which prints its tables."""

from dataclasses import dataclass

# Of every batch: homepage and contact page, which with robots.txt and sitemap makes four requests a
# site, and as many pages kept as the sitemap names.
OPTIONS = {"fetch_pages": 2, "max_pages": 100}


@dataclass(frozen=True, slots=True)
class Scale:
    """What the user asked of a run."""

    sites: int
    # A folder of real pages; empty for made ones.
    pages: str = ""
