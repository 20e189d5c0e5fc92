"""Forms that change an existing batch: rename it, retry its failures."""

from typing import Any, ClassVar

from django import forms

from batches.models import Batch
from batches.option_fields import as_initial, retry_field
from batches.options import retry_options
from scans.models import FAILURE_REASONS


class RenameForm(forms.ModelForm):
    """A new name for a batch."""

    class Meta:
        model = Batch
        fields = ("name",)
        widgets: ClassVar = {
            "name": forms.TextInput({"class": "form-control", "autocomplete": "off"})
        }


class RetryForm(forms.Form):
    """Which failures of a batch to retry, and with which options; empty fields change nothing."""

    reasons = forms.MultipleChoiceField(required=False, choices=FAILURE_REASONS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for option in retry_options():
            self.fields[option.name] = retry_field(option)

    @classmethod
    def of(cls, batch: Batch) -> "RetryForm":
        """Return the form filled in with the batch's options."""
        current = batch.scan_options.as_dict()
        return cls(
            initial={option.name: as_initial(current[option.name]) for option in retry_options()}
        )

    @property
    def options(self) -> list[forms.BoundField]:
        return [self[option.name] for option in retry_options()]

    def changed_options(self, batch: Batch) -> dict[str, Any]:
        """Return the options that differ from the batch's."""
        current = batch.scan_options.as_dict()
        values = {option.name: self.cleaned_data[option.name] for option in retry_options()}
        return {
            name: value
            for name, value in values.items()
            if value not in (None, "") and value != current[name]
        }

    def refusal(self) -> str:
        """Return the validation errors as one text."""
        return " ".join(
            f"{self.fields[name].label}: {' '.join(map(str, messages))}"
            for name, messages in self.errors.items()
        )
