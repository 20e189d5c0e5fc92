"""The list of saved lists."""

from django.db.models import Q
from django.urls import reverse

from scans.domain_lists.models import DomainList
from scans.lists.common import ID
from scans.text_search import cases_of
from scrapersky.web.lists import Column, Kind, ListDefinition, Sort, day, register, text
from scrapersky.web.lists.filters import Condition, any_of


def _link(row: DomainList) -> str:
    return reverse("saved_list", args=[row.pk])


def _creator(row: DomainList) -> str:
    return row.created_by.get_username() if row.created_by else ""


def _named(part: str) -> Condition:
    return any_of(lambda case: Q(name__icontains=case))(cases_of(part))


LISTS = register(
    ListDefinition(
        name="lists",
        label="Lists",
        singular="list",
        rows=DomainList.objects.all,
        columns=(
            Column("name", "List", link=_link),
            Column("domain_count", "Domains", Kind.NUMBER),
            Column("created_by", "Created by", value=_creator, fields=("created_by__username",)),
            Column("updated_at", "Changed", Kind.TIME),
            Column("created_at", "Created", Kind.TIME, is_default=False),
            ID,
        ),
        filters=(
            text("q", "Name", _named, placeholder="Part of a name"),
            day("updated_after", "Changed after", "updated_at__gte"),
            day("updated_before", "Changed before", "updated_at__lte"),
        ),
        sorts=(
            Sort("name", ("name",), is_unique=True),
            Sort("domain_count", ("domain_count",)),
            Sort("updated_at", ("updated_at",)),
        ),
        default_sort="name",
        url_name="saved_lists",
        row_url_name="saved_list",
        create_label="New list",
        create_url_name="saved_list_create",
        empty_text="Keep domains under a name, scan them together, and use them as a filter.",
    )
)
