"""The filter of a batch's jobs on its page."""

from django import forms
from django.db.models import QuerySet

from batches.models import Job
from batches.models.job import FAILURE_REASONS


class JobFilter(forms.Form):
    status = forms.ChoiceField(
        required=False, choices=[("", "All"), *Job.Status.choices], label="Status"
    )
    reason = forms.ChoiceField(
        required=False, choices=[("", "Any cause"), *FAILURE_REASONS], label="Cause"
    )

    def apply(self, rows: QuerySet[Job]) -> QuerySet[Job]:
        """Return the jobs that match; what cannot be understood narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        if reason := asked.get("reason"):
            rows = rows.filter(failure_reason=reason)
        return rows
