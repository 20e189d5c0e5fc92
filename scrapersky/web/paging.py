"""Page through lists of any size at the same cost."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)


class CappedPaginator(Paginator):
    """Count rows only up to a cap, so that millions of rows cost no more than thousands."""

    CAP = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: self.CAP].count()
        return len(rows)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than the cap."""
        return self.count >= self.CAP


def page_of(
    request: HttpRequest,
    rows: QuerySet[M],
    *,
    size: int = 50,
    paginator: type[Paginator] = CappedPaginator,
    count: int | None = None,
) -> Page:
    """Return the page named in the query string, or the nearest one.

    `count` is the number of rows, if known without counting.
    """
    pages = paginator(rows, size)
    if count is not None:
        pages.count = count
    page = pages.get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    return page
