"""Form fields for the options of a batch."""

from typing import Any

from django import forms
from django.utils.text import format_lazy

from batches.options import Option
from scrapersky.web.regional import grouped_lazily


def option_field(option: Option) -> forms.Field:
    """Return the form field of an option; an empty field means the default."""
    if option.choices:
        return forms.ChoiceField(
            label=option.label,
            help_text=option.help_text,
            choices=[(choice, choice.capitalize()) for choice in option.choices],
            initial=option.default,
            required=False,
            widget=forms.Select(attrs={"class": "form-select"}),
        )
    return _number_field(option) if option.is_number else _switch_field(option)


def _number_field(option: Option) -> forms.Field:
    kind: Any = forms.IntegerField if option.kind is int else forms.FloatField
    return kind(
        label=option.label,
        help_text=format_lazy(
            "{what} {low} to {high}.",
            what=option.help_text,
            low=f"{option.low:g}",
            high=grouped_lazily(option.high or 0, None),
        ),
        initial=f"{option.default:g}",
        min_value=option.low,
        max_value=option.high,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
    )


def _switch_field(option: Option) -> forms.Field:
    return forms.BooleanField(
        label=option.label,
        help_text=option.help_text,
        initial=option.default,
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


def retry_field(option: Option) -> forms.Field:
    """Return the field of an option on the retry form; an empty switch keeps the current value."""
    if option.kind is not bool:
        field = option_field(option)
        field.help_text = option.retry_help
        return field
    return forms.TypedChoiceField(
        required=False,
        label=option.label,
        help_text=option.retry_help,
        choices=[("true", "Yes"), ("false", "No")],
        coerce=lambda choice: choice == "true",
        empty_value=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


def as_initial(value: Any) -> str:
    """Return an option's value as a form field shows it: `true`, `2.5`, `all`."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"
