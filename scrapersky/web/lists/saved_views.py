"""The pages of saved views: saving, opening, changing and deleting them, and links to them.

A view is opened by a redirect to its filters, order and columns, which can then be changed
individually; the parameter `view` only says which view the list was opened with.
"""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from scrapersky.tenants import saved_views
from scrapersky.tenants.access import has_tenant
from scrapersky.tenants.models import User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web.access import open_to_viewers, own_account
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.lists.definition import ListDefinition, all_lists, find_list
from scrapersky.web.lists.selection import back_to_list

# The value of `view` for a list without a view.
NO_VIEW = "none"
SHOWN_IN_NAVIGATION = 12


class SavedViewForm(forms.Form):
    """The name of a view, and who may open it."""

    name = forms.CharField(max_length=saved_views.NAME_LENGTH, strip=True)
    shared_in = forms.TypedChoiceField(
        label="Who can open it", required=False, coerce=UUID, empty_value=None
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = saved_views.tenants_to_share_in(user)[:100]
        shared = [(str(tenant.pk), f"Everyone in {tenant.name}") for tenant in tenants]
        self.share_choices = [("", "Only me"), *shared]
        self.fields["shared_in"].choices = self.share_choices  # type: ignore[attr-defined]

    @property
    def refusal(self) -> str:
        return " ".join(str(message) for errors in self.errors.values() for message in errors)


def view_query(view: SavedView) -> str:
    """Return the query string of a view."""
    pairs = [(k, v) for k, v in parse_qsl(view.query) if k not in ("view", "columns", "cursor")]
    return urlencode([*pairs, ("columns", ",".join(view.columns)), ("view", str(view.pk))])


def is_same_query(definition: ListDefinition, one: str, other: str) -> bool:
    """Return whether two query strings have the same filters and order, in any order."""
    default = ("sort", definition.default_sort)
    return {*parse_qsl(one), default} == {*parse_qsl(other), default}


def redirect_to_view(request: HttpRequest, definition: ListDefinition) -> HttpResponse | None:
    """Return a redirect to the filters of the view to open, or None.

    That is the view named by `view`, if there are no other parameters, or the default view. Raises
    Http404 if the user may not open it.
    """
    if set(request.GET) - {"view"} or request.GET.get("view") == NO_VIEW:
        return None
    user: Any = request.user
    if "view" in request.GET:
        view: SavedView | None = _named_view(user, definition, request.GET["view"])
    else:
        view = saved_views.first_view(user, definition.name)
    return redirect(f"{definition.url}?{view_query(view)}") if view else None


def _named_view(user: User, definition: ListDefinition, key: str) -> SavedView:
    try:
        view = saved_views.get_view(user, UUID(key))
    except ValueError:
        raise Http404("There is no such view.") from None
    if view.list_name != definition.name:
        raise Http404("This list has no such view.")
    return view


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Provide templates with the navigation's views, loaded lazily."""
    user = getattr(request, "user", None)
    return {"saved_views": partial(_navigation_views, user)} if user else {}


def _navigation_views(user: Any) -> list[tuple[SavedView, str]]:
    if not user.is_authenticated or not has_tenant(user):
        return []
    labels = {definition.name: definition.label for definition in all_lists()}
    views = saved_views.openable_views(user).filter(list_name__in=labels).only("name", "list_name")
    return [(view, labels[view.list_name]) for view in views[:SHOWN_IN_NAVIGATION]]


@require_safe
def view_list(request: ConsoleRequest) -> HttpResponse:
    """Show the views that the user may open, grouped by list."""
    by_list = {definition.name: definition for definition in all_lists()}
    views = saved_views.openable_views(request.user).filter(list_name__in=by_list)
    views = views.select_related("owner", "tenant")
    rows = [(view, by_list[view.list_name]) for view in views.order_by("list_name", "name")]
    context = {
        "rows": rows,
        "first_views": saved_views.first_views(request.user),
        "share_choices": SavedViewForm(request.user).share_choices,
    }
    return render(request, "lists/saved_views.html", context)


@require_safe
def view_open(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Open a view in its list."""
    view = saved_views.get_view(request.user, pk)
    return redirect(_url_of(view))


@open_to_viewers
@control_of("home")
def view_create(request: ConsoleRequest, name: str) -> HttpResponse:
    """Save the current filters, order and columns of a list."""
    definition = find_list(name)
    if definition is None:
        return redirect("home")
    form = SavedViewForm(request.user, request.POST)
    try:
        view = saved_views.create_view(
            owner=request.user,
            list_name=name,
            query=_filters(definition, request.POST.get("query", "")),
            columns=_columns(definition, request),
            **_cleaned(form),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back_to_list(definition, request.POST)
    if "first" in request.POST:
        saved_views.open_first(request.user, name, view)
    messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(f"{definition.url}?{view_query(view)}")


@own_account
@control_of("view_list")
def view_update(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Rename or share the user's own view; with `query`, replace it by the current list."""
    view = saved_views.own_view(request.user, pk)
    definition = find_list(view.list_name)
    form = SavedViewForm(request.user, request.POST)
    changes: dict[str, Any] = {}
    if definition and "query" in request.POST:
        changes["query"] = _filters(definition, request.POST["query"])
        changes["columns"] = _columns(definition, request)
    try:
        saved_views.update_view(view, **_cleaned(form), **changes)
        messages.success(request, f"The view “{view.name}” is saved.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(_url_of(view)) if changes else redirect("view_list")


@own_account
@control_of("view_list")
def view_delete(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Delete the user's own view."""
    view = saved_views.own_view(request.user, pk)
    saved_views.delete_view(view)
    messages.success(request, f"The view “{view.name}” is deleted.")
    return redirect("view_list")


@open_to_viewers
@control_of("view_list")
def view_first(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Make a view's list open with it, or with all rows again (`off`)."""
    view = saved_views.get_view(request.user, pk)
    is_off = "off" in request.POST
    saved_views.open_first(request.user, view.list_name, None if is_off else view)
    content = "all rows" if is_off else f"the view “{view.name}”"
    messages.success(request, f"The list now opens with {content}.")
    return redirect("view_list")


def _url_of(view: SavedView) -> str:
    definition = find_list(view.list_name)
    if definition is None:
        return reverse("view_list")
    return f"{definition.url}?{view_query(view)}"


def _cleaned(form: SavedViewForm) -> dict[str, Any]:
    if not form.is_valid():
        raise ValidationError(form.refusal)
    return form.cleaned_data


def _filters(definition: ListDefinition, query: str) -> str:
    """Return only the filters and the order of a query string."""
    names = {*definition.filter_by_name, "sort"}
    return urlencode([(k, v) for k, v in parse_qsl(query) if k in names])


def _columns(definition: ListDefinition, request: ConsoleRequest) -> list[str]:
    params = QueryDict(request.POST.get("query", ""))
    columns = definition.narrowed(params, request.user).column_by_name
    known = [name for name in request.POST.get("columns", "").split(",") if name in columns]
    return list(dict.fromkeys(known)) or list(definition.default_columns)
