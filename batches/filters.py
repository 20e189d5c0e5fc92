"""Narrow lists of batches and jobs by what a query string asks for."""

from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet

from batches.models import Batch, Job
from batches.models.job import FAILURE_REASONS


class BatchFilter(forms.Form):
    q = forms.CharField(required=False, max_length=200, label="Name or id")
    status = forms.ChoiceField(
        required=False, choices=[("", "Any status"), *Batch.Status.choices], label="Status"
    )

    def apply(self, rows: QuerySet[Batch]) -> QuerySet[Batch]:
        """Return the batches that match; what cannot be understood narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        if words := asked.get("q"):
            rows = rows.filter(Q(name__icontains=words) | _has_id(words))
        return rows


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


def _has_id(words: str) -> Q:
    try:
        return Q(pk=UUID(words.strip()))
    except ValueError:
        return Q(legacy_batch_id=words)
