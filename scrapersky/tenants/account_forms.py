"""Forms of the account page."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils import timezone

from scrapersky.tenants.models import NumberFormat, User
from scrapersky.web.regional import time_zones

CONTROL = {"class": "form-control"}
NEVER = ""


class ProfileForm(forms.ModelForm):
    """Name and e-mail address of an account."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")
        labels = {"email": "E-mail address"}
        widgets = {
            "first_name": forms.TextInput({**CONTROL, "autocomplete": "given-name"}),
            "last_name": forms.TextInput({**CONTROL, "autocomplete": "family-name"}),
            "email": forms.EmailInput({**CONTROL, "autocomplete": "email"}),
        }


class RegionalForm(forms.ModelForm):
    """Time zone and number format of an account; by default the browser's."""

    time_zone = forms.ChoiceField(
        required=False, label="Time zone", widget=forms.Select({"class": "form-select"})
    )
    number_format = forms.ChoiceField(
        required=False,
        label="Numbers",
        choices=[("", "As in my browser"), *NumberFormat.choices],
        widget=forms.Select({"class": "form-select"}),
    )

    class Meta:
        model = User
        fields = ("time_zone", "number_format")

    def __init__(self, *args: Any, browser_zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name.replace("_", " ")) for name in sorted(time_zones())]
        field: Any = self.fields["time_zone"]
        field.choices = [("", f"As in my browser ({browser_zone})"), *zones]


class PasswordForm(PasswordChangeForm):
    """A new password, which ends all other sessions, and API tokens on request."""

    revoke_tokens = forms.BooleanField(
        required=False,
        label="Revoke my API tokens too",
        help_text="Select this if somebody else may know your password.",
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("old_password", "new_password1", "new_password2"):
            widget = self.fields[name].widget
            widget.attrs.update(CONTROL)
            # The page has three forms, so none gets autofocus.
            widget.attrs.pop("autofocus", None)


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        max_length=100,
        help_text="What the token is for, such as “Nightly import”.",
        widget=forms.TextInput({**CONTROL, "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label="Expires",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("7", "In 7 days"),
            ("30", "In 30 days"),
            ("90", "In 90 days"),
            ("365", "In a year"),
            (NEVER, "Never"),
        ],
        initial="90",
        widget=forms.Select({"class": "form-select"}),
    )

    def expires_at(self) -> datetime | None:
        """Return when the token expires, or None; the form must be valid."""
        days = self.cleaned_data["days"]
        return None if days is None else timezone.now() + timedelta(days=days)
