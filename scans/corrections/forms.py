"""The correction forms of a domain's page."""

from typing import Any

from django import forms

from scans.corrections import services
from scans.corrections.models import Correction
from scans.filters import PAGE_TYPES
from scans.models import VERDICTS, Contact, Domain, Page, Technology
from scrapersky.tenants.models import User

Kind = Correction.Kind


class CorrectionForm(forms.Form):
    """One correction of one domain's results."""

    kind = forms.ChoiceField(choices=Kind)
    row = forms.UUIDField(required=False)
    right_value = forms.CharField(required=False, max_length=16)
    in_tenant = forms.BooleanField(required=False)

    def __init__(self, *args: Any, domain: Domain, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.domain = domain

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        kind = fields.get("kind")
        rows = {
            Kind.CONTACT: self.domain.contacts,
            Kind.TECHNOLOGY: self.domain.technology_rows,
            Kind.PAGE_TYPE: self.domain.pages,
        }
        if kind in rows:
            fields["result"] = rows[kind].filter(pk=fields.get("row")).first()
            if fields["result"] is None:
                self.add_error("row", "The domain has no result with this value.")
        choices = {Kind.PAGE_TYPE: PAGE_TYPES, Kind.VERDICT: tuple(dict(VERDICTS))}
        if kind in choices and fields.get("right_value") not in choices[kind]:
            self.add_error("right_value", "Choose one of the values.")
        return fields

    def correct(self, user: User) -> str:
        """Apply the correction; return a message about the change."""
        fields = self.cleaned_data
        right, result = fields["right_value"], fields.get("result")
        if fields["kind"] == Kind.VERDICT:
            services.correct_verdict(self.domain, right, user=user)
            return f"{self.domain.host} is shown as {dict(VERDICTS)[right].lower()} from now on."
        if isinstance(result, Page):
            services.correct_page_type(result, right, user=user)
            return f"The page is listed as {right} from now on."
        assert isinstance(result, Contact | Technology)  # noqa: S101 (what clean() leaves)
        return self._mark(result, user)

    def _mark(self, row: Contact | Technology, user: User) -> str:
        everywhere = self.cleaned_data["in_tenant"]
        services.mark_wrong(row, user=user, in_tenant=everywhere)
        value = row.value if isinstance(row, Contact) else row.name
        where = "everywhere" if everywhere else f"on {self.domain.host}"
        return f"{value} is hidden {where} and stays hidden in later scans."


class UndoForm(forms.Form):
    correction = forms.UUIDField()
