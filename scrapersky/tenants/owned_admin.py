"""Base classes of all admin classes, which decide who may read and write which rows.

A system check (`scrapersky.tenants.checks`) rejects admin classes without one of these bases.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms import BaseModelFormSet, ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from scrapersky.tenants import access
from scrapersky.web.lists import all_lists
from scrapersky.web.lists.deadline import QueryTooSlow, deadline
from scrapersky.web.paging import CappedPaginator

Action = Callable[..., Any]


def reads_only(action: Action) -> Action:
    """Mark an admin action as read-only, so that viewers may use it."""
    action.reads_only = True  # type: ignore[attr-defined]
    return action


class RowAutocomplete(AutocompleteSelect):
    """An autocomplete choice of rows that shows nothing, instead of failing, for an invalid id."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        try:
            return super().optgroups(name, value, attr)
        except (ValidationError, ValueError):
            return super().optgroups(name, [], attr)


class _RowChoices(BaseModelAdmin):
    """Use `RowAutocomplete` for every field in `autocomplete_fields`."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OwnedAdmin(_RowChoices, admin.ModelAdmin):
    """Show the rows of the user's tenants; require a writing role for every change.

    This covers forms, inlines, deletion and actions. Models whose rows are not owned by a tenant
    override `get_queryset` and `may_write`.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # facets would count all rows per filter value
    list_per_page = 50
    # Columns too large to load with every row of a list.
    deferred: Sequence[str] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return access.readable(super().get_queryset(request), request.user).defer(*self.deferred)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, dropping filters with values that their column cannot have.

        Django does so for most values; some are only rejected when the query is built. Slow queries
        are cancelled, so that no filter of a large list blocks the database.
        """
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        try:
            with deadline():
                response = super().changelist_view(request, extra_context)
                return response.render() if isinstance(response, TemplateResponse) else response
        except QueryTooSlow:
            if ERROR_FLAG in request.GET:
                raise
            sentence = "This takes too long. Narrow the list by another filter or a longer text."
            self.message_user(request, sentence, messages.WARNING)
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        except (ValueError, TypeError, OverflowError):
            if ERROR_FLAG in request.GET:
                raise
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *args: Any
    ) -> HttpResponse | None:
        """Run an action on the selected rows, unless the submitted values are not ids."""
        pk: Any = self.model._meta.pk
        try:
            for text in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
                pk.to_python(text)
        except ValidationError:
            self.message_user(request, "Select the rows again.", messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args)

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        """Return whether the user may write a row as stored, or any row if it is None."""
        if row is None:
            return access.can_write_somewhere(request.user)
        return access.can_write(request.user, access.tenant_id_of(row))

    def may_write_all(self, request: HttpRequest, rows: QuerySet) -> bool:
        """Return whether the user may write all of the rows."""
        tenants = rows.order_by().values_list(access.tenant_path(rows.model), flat=True)
        return all(access.can_write(request.user, tenant) for tenant in tenants.distinct())

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.may_write(request) and super().has_add_permission(request, *args)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_write(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_write(request, obj) and super().has_delete_permission(request, obj)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        if db_field.name == "tenant":
            kwargs["queryset"] = access.writable_tenants(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the permitted actions; those that write check the selected rows first."""
        offered: dict[str, Any] = super().get_actions(request)
        if not self.may_write(request):
            offered = {k: v for k, v in offered.items() if hasattr(v[0], "reads_only")}
        return {name: (_checked(func), name, text) for name, (func, _, text) in offered.items()}

    # Everything that forms and actions let through is checked again on writing

    def check_rows(self, request: HttpRequest, rows: QuerySet) -> None:
        if not self.may_write_all(request, rows):
            raise PermissionDenied("You may view some of the selected rows, but not change them.")

    def check_row(self, request: HttpRequest, row: Any) -> None:
        """Raise PermissionDenied unless the user may write a row both as stored and as changed.

        Otherwise a row could be moved into or out of a tenant.
        """
        stored = type(row)._base_manager.filter(pk=row.pk).first()
        if not all(self.may_write(request, state) for state in (stored or row, row)):
            raise PermissionDenied("You may view this row, but not change it.")

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        self.check_row(request, obj)
        super().save_model(request, obj, form, change)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool
    ) -> None:
        owner = cast(OwnedAdmin, self.admin_site.get_model_admin(cast(type[Model], formset.model)))
        for row in formset.forms:
            if row.has_changed():
                owner.check_row(request, row.instance)
        super().save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.check_row(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.check_rows(request, queryset)
        super().delete_queryset(request, queryset)


def _checked(action: Action) -> Action:
    if hasattr(action, "reads_only"):
        return action

    @wraps(action)
    def wrapped(model_admin: OwnedAdmin, request: HttpRequest, rows: QuerySet) -> Any:
        model_admin.check_rows(request, rows)
        return action(model_admin, request, rows)

    return wrapped


class ReadOnlyAdmin(OwnedAdmin):
    """Show rows that only the services write, with every column that is not in `exclude`."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return all columns; Django leaves out those that no form may set, such as a status."""
        hidden = self.get_exclude(request, obj) or ()
        columns = (field.name for field in self.opts.concrete_fields)
        return self.fields or [name for name in columns if name not in hidden]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class InstallationAdmin(ReadOnlyAdmin):
    """Show superusers rows that concern all tenants."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = self.model._default_manager.all()
        return rows if access.has_all_rights(request.user) else rows.none()

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        return access.has_all_rights(request.user)

    def may_write_all(self, request: HttpRequest, rows: QuerySet) -> bool:
        return access.has_all_rights(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return access.has_all_rights(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access.has_all_rights(request.user)


class OwnedInline(_RowChoices, admin.TabularInline):
    """Inline rows: users who may change the parent row may change these.

    Each row is also checked by its own model's admin class when it is saved.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return access.readable(super().get_queryset(request), request.user)

    def _parent_is_writable(self, request: HttpRequest, obj: Any) -> bool:
        parent = cast(OwnedAdmin, self.admin_site.get_model_admin(self.parent_model))
        return parent.may_write(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_is_writable(request, obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_is_writable(request, obj) and super().has_change_permission(
            request, obj
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_is_writable(request, obj) and super().has_delete_permission(
            request, obj
        )


class TenantFilter(admin.RelatedFieldListFilter):
    """Offer only the user's own tenants."""

    def field_choices(
        self, field: Field, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[tuple[str, Any]]:
        return [(str(tenant.pk), tenant.name) for tenant in access.readable_tenants(request.user)]


class ListedValuesFilter(admin.ChoicesFieldListFilter):
    """Offer known values; Django would read those of a column without choices from all rows."""

    def __init__(self, field: Field, *args: Any, **kwargs: Any) -> None:
        field = copy(field)
        field.choices = self.values()
        super().__init__(field, *args, **kwargs)

    @classmethod
    def values(cls) -> list[tuple[str, str]]:
        """Return the values with their display names."""
        raise NotImplementedError


class ListNameFilter(ListedValuesFilter):
    """Offer the lists of the console."""

    @classmethod
    def values(cls) -> list[tuple[str, str]]:
        return [(definition.name, definition.label) for definition in all_lists()]


BY_TENANT = cast(Any, ("tenant", TenantFilter))
BY_LIST = cast(Any, ("list_name", ListNameFilter))
