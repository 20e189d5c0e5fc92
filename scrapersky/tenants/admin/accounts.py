"""The admin of accounts: users cannot change or grant more rights than their own."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import CASCADE, ManyToManyField, Model, QuerySet
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest

from scrapersky.tenants import accounts
from scrapersky.tenants.admin.tenants import MembershipInline
from scrapersky.tenants.forms import AccountCreationForm, AccountPasswordForm, for_actor
from scrapersky.tenants.models import Membership, User
from scrapersky.tenants.owned_admin import OwnedAdmin


@admin.register(User)
class AccountAdmin(OwnedAdmin, UserAdmin):
    inlines = [MembershipInline]
    list_display = ["username", "email", "is_active", "is_staff", "is_superuser", "last_login"]
    add_form = AccountCreationForm
    change_password_form = AccountPasswordForm
    change_user_password_template = "admin/tenants/user/change_password.html"  # noqa: S105 (a path)
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "tenant", "role")}),
        ("Password", {"fields": ("usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return accounts.visible_accounts(cast(User, request.user)).order_by("username")

    def may_write(self, request: HttpRequest, row: Any = None) -> bool:
        if row is None or row._state.adding:
            return super().may_write(request)
        return accounts.may_manage(cast(User, request.user), row)

    def may_write_all(self, request: HttpRequest, rows: QuerySet[User]) -> bool:
        own = accounts.manageable_accounts(cast(User, request.user))
        return not rows.exclude(pk__in=own.values("pk")).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse to delete the user's own account."""
        is_own = obj is not None and obj.pk == request.user.pk
        return not is_own and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[Any], list[Any]]:
        """Name the accounts, and count what is deleted with them: tokens, sessions, exports, roles.

        Django would load all of it, and there may be a million exported rows.
        """
        counts = {str(self.opts.verbose_name_plural): len(objs)}
        for relation in self.opts.related_objects:
            if relation.on_delete is CASCADE:
                kind: Any = relation.related_model
                owned = {f"{relation.field.name}__in": [obj.pk for obj in objs]}
                counts[str(kind._meta.verbose_name_plural)] = kind._base_manager.filter(
                    **owned
                ).count()
        may_delete = all(self.has_delete_permission(request, obj) for obj in objs)
        needed = set() if may_delete else {self.opts.verbose_name}
        return [str(obj) for obj in objs], {k: n for k, n in counts.items() if n}, needed, []

    def get_inlines(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Omit memberships on the Add form, which asks for the first one itself."""
        return [] if obj is None else self.inlines

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return for_actor(super().get_form(request, obj, change=change, **kwargs), request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Users cannot change their own rights, and only superusers create superusers."""
        own = super().get_readonly_fields(request, obj)
        if obj is not None and obj.pk == request.user.pk:
            return (*own, *accounts.POWERS, "is_active")
        return own if request.user.is_superuser else (*own, "is_superuser")

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField | None:
        actor = cast(User, request.user)
        if db_field.name == "groups":
            kwargs["queryset"] = accounts.grantable_groups(actor)
        if db_field.name == "user_permissions":
            own = accounts.grantable_permissions(actor)
            kwargs["queryset"] = own.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            tenant, role = form.cleaned_data["tenant"], form.cleaned_data["role"]
            Membership.objects.create(user=obj, tenant=tenant, role=role)
