"""Say what a site that answered is: a real one, or one of the things that stand in its place."""

from typing import TYPE_CHECKING

from scans.engine.report import Verdict

if TYPE_CHECKING:
    from scans.engine.extractors.page import PageFacts


def judge(
    page: "PageFacts", *, status: int, requested_host: str, final_url: str
) -> tuple[Verdict, str]:
    """Return the verdict on a homepage and what it was read from (empty for ok)."""
    if not page.text.strip() and not page.title:
        return Verdict.EMPTY, "no text and no title"
    return Verdict.OK, ""
