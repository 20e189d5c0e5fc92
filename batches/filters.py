"""Narrow lists of batches and jobs by what a query string asks for."""

from django import forms
from django.db.models import Q, QuerySet

from batches.models import Batch, Job
from batches.models.job import FAILURE_REASONS


class BatchFilter(forms.Form):
    # Ids of the older system may begin with blanks.
    q = forms.CharField(required=False, max_length=500, strip=False, label="Name or id")
    status = forms.ChoiceField(
        required=False, choices=[("", "Any status"), *Batch.Status.choices], label="Status"
    )

    def apply(self, rows: QuerySet[Batch]) -> QuerySet[Batch]:
        """Return the batches that match; what cannot be understood narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        words = asked.get("q", "")
        if words.strip():
            named = Q(name__icontains=words.strip()) | Q(legacy_batch_id=words)
            rows = rows.filter(named | Q(pk__in=Batch.objects.ids_named(words)))
        return rows

    def named_job(self) -> QuerySet[Job]:
        """Return the job (one or none) whose id was asked for."""
        words = self.cleaned_data.get("q", "") if self.is_valid() else ""
        return Job.objects.filter(pk__in=Job.objects.ids_named(words))


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
