"""Page through lists, small and huge, at the same cost."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)


class CappedPaginator(Paginator):
    """Count rows up to a cap, so that a list of millions costs what a list of thousands does."""

    CAP = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[: self.CAP].count()
        return len(rows)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than can be paged to."""
        return self.count >= self.CAP


def page_of(
    request: HttpRequest,
    rows: QuerySet[M],
    *,
    size: int = 50,
    paginator: type[Paginator] = CappedPaginator,
    count: int | None = None,
) -> Page:
    """Return the page that the query string names; the nearest one where there is none such.

    `count` is how many rows there are, where that is known without counting them.
    """
    pages = paginator(rows, size)
    if count is not None:
        pages.count = count
    page = pages.get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    return page
