"""The sitemaps of a domain as a tree: an index with the sitemaps that it names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from scans.models import Sitemap


@dataclass(slots=True)
class Branch:
    """A sitemap, and those below it."""

    row: Sitemap
    branches: list["Branch"] = field(default_factory=list)


def sitemap_tree(rows: Iterable[Sitemap]) -> list[Branch]:
    """Return the sitemaps that no other one of them names, in their order, with those below.

    Where sitemaps name each other in a circle, the first of them stands at the top.
    """
    branches = {row.url: Branch(row) for row in rows}
    parents: dict[str, str] = {}
    tops = []
    for url, branch in branches.items():
        parent = branch.row.parent_url
        if parent in branches and not _is_above(parents, parent, url):
            parents[url] = parent
            branches[parent].branches.append(branch)
        else:
            tops.append(branch)
    return tops


def _is_above(parents: dict[str, str], current: str, url: str) -> bool:
    """Whether a sitemap is at a place of the tree or above it."""
    while current != url and current in parents:
        current = parents[current]
    return current == url
