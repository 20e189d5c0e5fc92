"""Scanning one website: pure Python, free of Django, settings and databases.

`scan_site` is loaded on first use, so importing a failure reason or a limit loads no parser.
"""

from typing import TYPE_CHECKING, Any

from scans.engine.errors import FailureReason, ScanError
from scans.engine.limits import FetchSettings, Limits
from scans.engine.report import SiteReport, Verdict

if TYPE_CHECKING:
    from scans.engine.scanner import scan_site

__all__ = [
    "FailureReason",
    "FetchSettings",
    "Limits",
    "ScanError",
    "SiteReport",
    "Verdict",
    "scan_site",
]


def __getattr__(name: str) -> Any:
    if name != "scan_site":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scans.engine.scanner import scan_site

    return scan_site
