"""The form of a recurring batch: that of a batch, and when it runs."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from batches import recurring as services
from batches.forms import BatchForm
from batches.models import RecurringBatch
from batches.recurring import Plan
from scrapersky.tenants.models import Tenant, User

SELECT = {"class": "form-select"}


class RecurringForm(BatchForm):
    """A saved list, how it is to be scanned, and when."""

    takes_large_lists = False

    frequency = forms.ChoiceField(
        label="How often",
        choices=RecurringBatch.Frequency.choices,
        initial=RecurringBatch.Frequency.WEEKLY,
        widget=forms.Select(attrs=SELECT),
    )
    weekday = forms.TypedChoiceField(
        required=False,
        label="On",
        choices=RecurringBatch.Weekday.choices,
        coerce=int,
        empty_value=None,
        widget=forms.Select(attrs=SELECT),
    )
    month_day = forms.IntegerField(
        required=False,
        label="Day of the month",
        help_text="1 to 31. Shorter months use their last day.",
        min_value=1,
        max_value=31,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    time_of_day = forms.TimeField(
        label="At (UTC)",
        initial="06:00",
        widget=forms.TimeInput(format="%H:%M", attrs={"class": "form-control", "type": "time"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.required, name.help_text = True, "Its batches use this name."

    @classmethod
    def of(cls, recurring: RecurringBatch, *submitted: Any) -> "RecurringForm":
        """Return the form of an existing recurring batch."""
        names = ("name", "domains", "frequency", "weekday", "month_day", "time_of_day")
        stored = {name: getattr(recurring, name) for name in names}
        shown = {name: value for name, value in stored.items() if value is not None}
        return cls(*submitted, initial=recurring.scan_options.as_dict() | shown)

    def clean_domains(self) -> str:
        """Return the list with plain line ends; an upload goes before a list left as is."""
        text: str = self.cleaned_data["domains"].replace("\r\n", "\n")
        is_stored = text.strip() == str(self.initial.get("domains", "")).strip()
        return "" if self.files.get("file") and is_stored else text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for frequency, name in (("weekly", "weekday"), ("monthly", "month_day")):
            missing = cleaned.get(name) is None and name not in self.errors
            if cleaned.get("frequency") == frequency and missing:
                self.add_error(name, "Choose the day.")
        return cleaned

    def plan(self) -> Plan:
        """Return what a valid form asks for; an uploaded list is kept as its domains."""
        values, parsed = self.cleaned_data, self.parsed
        uploaded = "\n".join(line.host for line in parsed.accepted) if parsed else ""
        return Plan(
            name=values["name"],
            domains=values["domains"] or uploaded,
            frequency=values["frequency"],
            time_of_day=values["time_of_day"],
            weekday=values["weekday"],
            month_day=values["month_day"],
            options=self.options(),
        )

    def create_recurring(
        self, *, tenant: Tenant, created_by: User, now: datetime
    ) -> RecurringBatch | None:
        """Save what a valid form asks for; None, with the errors marked, where it is refused."""
        if not self.is_valid():
            return None
        try:
            return services.create_recurring(
                self.plan(), tenant=tenant, created_by=created_by, now=now
            )
        except ValidationError as error:
            self.add_error(None, error.messages)
            return None

    def change_recurring(
        self, recurring: RecurringBatch, *, now: datetime
    ) -> RecurringBatch | None:
        """Change a recurring batch to what a valid form asks for; None where it is refused."""
        if not self.is_valid():
            return None
        try:
            return services.change_recurring(recurring, self.plan(), now=now)
        except ValidationError as error:
            self.add_error(None, error.messages)
            return None
