"""Forms of accounts and memberships."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm

from scrapersky.tenants import access, accounts
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.services import end_access_elsewhere


def for_actor(form: type[forms.ModelForm], actor: Any) -> Any:
    """Return a form class bound to the user who fills it in."""
    return type(form.__name__, (form,), {"actor": actor})


def _check_role(actor: User, tenant: Tenant | None, role: str) -> None:
    """Raise ValidationError for a role that the actor may not grant in a tenant."""
    if tenant is None or not role or role in accounts.roles_to_grant(actor, tenant.pk):
        return
    label = Membership.Role(role).label
    raise forms.ValidationError(
        {"role": f"You cannot grant the role {label} in {tenant}: it is above your own."}
    )


class AccountCreationForm(AdminUserCreationForm):
    """A new account with its first membership."""

    actor: ClassVar[User]
    tenant = forms.ModelChoiceField(Tenant.objects.none())
    role = forms.ChoiceField(choices=Membership.Role, initial=Membership.Role.MEMBER)

    class Meta(AdminUserCreationForm.Meta):
        model = User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = access.writable_tenants(self.actor)
        self.fields["tenant"] = forms.ModelChoiceField(tenants, initial=tenants.first())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        _check_role(self.actor, cleaned.get("tenant"), cleaned.get("role", ""))
        return cleaned


class AccountPasswordForm(AdminPasswordChangeForm):
    """A new password for another account, which logs it out everywhere."""

    revoke_tokens = forms.BooleanField(required=False, label="Revoke its API tokens too")

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        end_access_elsewhere(user, keep=None, revoke_tokens=self.cleaned_data["revoke_tokens"])
        return user


class MembershipForm(forms.ModelForm):
    """The role of an account in a tenant."""

    actor: ClassVar[User]

    class Meta:
        model = Membership
        fields = ("user", "tenant", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            for name in {"user", "tenant"} & self.fields.keys():
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.has_changed():
            _check_role(self.actor, cleaned.get("tenant"), cleaned.get("role", ""))
        return cleaned
