"""Read one page: what it is, its contacts, where it links to.

Its names are loaded on first use, so importing the names of social networks loads no parser.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scans.engine.extractors.contacts import merge_contacts
    from scans.engine.extractors.facts import Link, PageFacts
    from scans.engine.extractors.page import read_page

__all__ = ["Link", "PageFacts", "merge_contacts", "read_page"]
_MODULES = {
    "merge_contacts": "contacts",
    "Link": "facts",
    "PageFacts": "facts",
    "read_page": "page",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
