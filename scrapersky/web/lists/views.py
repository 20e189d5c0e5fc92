"""The views of a list: its page, its rows, its count and its columns."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.urls.resolvers import URLPattern
from django.views.decorators.http import require_POST, require_safe

from scrapersky.tenants.preferences import list_settings, store_columns
from scrapersky.web.access import open_to_viewers
from scrapersky.web.http import ConsoleRequest, fragment_of, redirect_back
from scrapersky.web.lists.definition import ListDefinition, find_list
from scrapersky.web.lists.page import ListPage, count_or_none, url_of_all
from scrapersky.web.lists.query import ListQuery
from scrapersky.web.lists.saved_views import (
    redirect_to_view,
)


def list_urls(definition: ListDefinition, prefix: str) -> list[URLPattern]:
    """Return the URL patterns of a list: its page, its rows, its count."""
    name = definition.url_name

    @require_safe
    def page(request: ConsoleRequest) -> HttpResponse:
        view = redirect_to_view(request, definition)
        return view or render(request, "lists/list.html", {"list": ListPage(request, definition)})

    @require_safe
    @fragment_of(name)
    def rows(request: ConsoleRequest) -> HttpResponse:
        return render(request, "lists/_rows.html", {"list": ListPage(request, definition)})

    @require_safe
    @fragment_of(name)
    def count(request: ConsoleRequest) -> HttpResponse:
        return render_count(request, ListQuery(definition, request.GET, request.user))

    # The application's own patterns come before this one.
    return [
        path(prefix, page, name=name),
        path(f"{prefix}rows/", rows, name=f"{name}_rows"),
        path(f"{prefix}count/", count, name=f"{name}_count"),
    ]


def render_count(request: HttpRequest, query: ListQuery) -> HttpResponse:
    """Return the number of rows of a list, or why it is unknown."""
    return render(request, "lists/_count.html", {"count": count_or_none(query)})


@open_to_viewers
@require_POST
def list_columns(request: ConsoleRequest, name: str) -> HttpResponse:
    """Store the user's columns for a list."""
    definition = find_list(name)
    if definition is None:
        return redirect("home")
    shown = QueryDict(request.POST.get("back", ""), mutable=True)
    definition = definition.narrowed(shown, request.user)
    selected = [] if "reset" in request.POST else request.POST.getlist("column")
    columns = [name for name in selected if name in definition.column_by_name]
    store_columns(request.user, name, columns)
    if request.POST.get("next"):  # for a list inside another page
        return redirect_back(request, definition.url)
    shown.pop("columns", None)
    if shown.get("view") and columns:  # otherwise the view would restore its own columns
        shown["columns"] = ",".join(columns)
    if shown:
        return redirect(f"{definition.url}?{shown.urlencode()}")
    return redirect(url_of_all(definition, list_settings(request.user, name)))
