"""The form of a recurring batch: the form of a batch, plus its times."""

from datetime import datetime, time
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from batches import recurring as services
from batches.forms import BatchForm
from batches.models import RecurringBatch
from batches.recurring import Plan
from batches.sources import Source, source_of_schedule
from batches.timing import WEEKDAYS, Timing
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.regional import time_zones

SELECT = {"class": "form-select"}


_DAY = "Choose the day."
_TIME = ("time_of_day", "Choose the time.")
# The field that each frequency requires, and the message if it is missing.
NEEDED = {
    "daily": [_TIME],
    "weekly": [_TIME, ("weekday", _DAY)],
    "monthly": [_TIME, ("month_day", _DAY)],
    "cron": [("cron", "Enter a cron expression.")],
}
# The fields that decide when a schedule runs.
TIMING = ("frequency", "weekday", "month_day", "time_of_day", "cron", "time_zone")


class RecurringForm(BatchForm):
    """A list, its scan options and its times."""

    takes_large_lists = False
    # The recurring batch being changed.
    recurring: RecurringBatch | None = None

    frequency = forms.ChoiceField(
        label="How often",
        choices=RecurringBatch.Frequency.choices,
        initial=RecurringBatch.Frequency.WEEKLY,
        widget=forms.Select(attrs=SELECT),
    )
    weekday = forms.TypedChoiceField(
        required=False,
        label="On",
        choices=list(enumerate(WEEKDAYS)),
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
        required=False,
        label="At",
        initial="06:00",
        widget=forms.TimeInput(format="%H:%M", attrs={"class": "form-control", "type": "time"}),
    )
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Cron expression",
        help_text="Minute, hour, day of the month, month, day of the week: 0 6 * * MON-FRI",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    time_zone = forms.ChoiceField(
        required=False, label="Time zone", widget=forms.Select(attrs=SELECT)
    )
    while_running = forms.ChoiceField(
        required=False,
        label="If the previous run is still active",
        choices=RecurringBatch.WhileRunning.choices,
        initial=RecurringBatch.WhileRunning.SKIP,
        widget=forms.Select(attrs=SELECT),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.required, name.help_text = True, "Its batches use this name."
        zone: Any = self.fields["time_zone"]
        zone.choices = [(name, name.replace("_", " ")) for name in sorted(time_zones())]
        self.initial.setdefault("time_zone", timezone.get_current_timezone_name())

    @classmethod
    def of(cls, recurring: RecurringBatch, *submitted: Any) -> "RecurringForm":
        """Return the form of an existing recurring batch."""
        names = ("name", "domains", "source", "while_running", *TIMING)
        stored = {name: getattr(recurring, name) for name in names}
        shown = {name: value for name, value in stored.items() if value is not None}
        form = cls(*submitted, initial=recurring.scan_options.as_dict() | shown)
        form.recurring = recurring
        return form

    def clean_domains(self) -> str:
        """Normalise line ends; ignore an unchanged list if another source was selected."""
        text: str = self.cleaned_data["domains"].replace("\r\n", "\n")
        is_stored = text.strip() == str(self.initial.get("domains", "")).strip()
        has_other = self.files.get("file") or self.data.get("source")
        return "" if has_other and is_stored else text

    def offer_sources(self, user: User, tenant: Tenant) -> Self:
        """Offer lists and views; the one in use may be another user's view."""
        super().offer_sources(user, tenant)
        view = self.recurring.saved_view if self.recurring else None
        widget: Any = self.fields["source"].widget
        if self.recurring and view and self.recurring.source not in str(widget.choices):
            widget.choices = [*widget.choices, (self.recurring.source, view.name)]
        return self

    def find_source(self, key: str, user: User, tenant: Tenant) -> Source:
        """Return the selected source; the one already in use remains allowed."""
        if self.recurring and key == self.recurring.source:
            return source_of_schedule(self.recurring)
        return super().find_source(key, user, tenant)

    def _take_source(self, source: Source) -> None:
        """Read no domains: each run reads them."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, sentence in NEEDED.get(str(cleaned.get("frequency")), ()):
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, sentence)
        return cleaned

    def plan(self) -> Plan:
        """Return the plan of a valid form; from a file or column, only the domains are kept."""
        values, parsed = self.cleaned_data, self.parsed
        uploaded = "\n".join(line.host for line in parsed.accepted) if parsed else ""
        is_kept = values["domains"] and not values["column"]
        return Plan(
            name=values["name"],
            domains=values["domains"] if is_kept else uploaded,
            source=self.chosen_source.key if self.chosen_source else "",
            chooser=self.chooser[0] if self.chooser else None,
            while_running=values["while_running"] or RecurringBatch.WhileRunning.SKIP,
            options=self.options(),
            **self._times(),
        )

    def _times(self) -> dict[str, Any]:
        values = {name: self.cleaned_data.get(name) for name in TIMING}
        return values | {
            "time_of_day": values["time_of_day"] or time(6),
            "time_zone": values["time_zone"] or self.initial["time_zone"],
        }

    def upcoming(self, now: datetime) -> list[datetime]:
        """Return the next five times of the submitted form, if they are valid."""
        if any(name in self.errors for name in TIMING):
            return []
        times = self._times()
        at = times.pop("time_of_day")
        timing = Timing.of(times.pop("frequency"), at=at, **times)
        try:
            return timing.upcoming(now, 5)
        except ValidationError as error:
            self.add_error(None, error)
            return []

    def check_times_alone(self) -> None:
        """Drop the errors of fields unrelated to the times."""
        for name in list(self.errors):
            if name not in TIMING:
                del self.errors[name]

    def create_recurring(
        self, *, tenant: Tenant, created_by: User, now: datetime
    ) -> RecurringBatch | None:
        """Create the recurring batch; return None and add the errors if it is rejected."""
        if not self.is_valid():
            return None
        try:
            return services.create_recurring(
                self.plan(), tenant=tenant, created_by=created_by, now=now
            )
        except ValidationError as error:
            self._refuse(error)
            return None

    def change_recurring(
        self, recurring: RecurringBatch, *, now: datetime
    ) -> RecurringBatch | None:
        """Change the recurring batch; return None and add the errors if it is rejected."""
        if not self.is_valid():
            return None
        try:
            return services.change_recurring(recurring, self.plan(), now=now)
        except ValidationError as error:
            self._refuse(error)
            return None

    def _refuse(self, error: ValidationError) -> None:
        """Add a service's errors to their fields, or to the form if they belong to none."""
        errors = getattr(error, "error_dict", {"__all__": error.messages})
        for name, messages in errors.items():
            self.add_error(name if name in self.fields else None, messages)
