"""The form of a batch: what is typed in, read and checked; what it means is the services'."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from batches.list_parsing import read_pasted, read_upload, refusals
from batches.models import Batch
from batches.models.job import FAILURE_REASONS
from batches.options import BOUNDS, BatchOptions
from batches.services import create_batch
from scans.engine.domains import DomainList, UnreadableFile
from scrapersky.tenants.models import Tenant, User

MAX_UPLOAD = 20_000_000
DEFAULTS = {field.name: field.default for field in fields(BatchOptions)}


def _number(name: str, label: str, help_text: str) -> forms.Field:
    low, high = BOUNDS[name]
    kind: Callable[..., forms.Field] = forms.FloatField
    if isinstance(DEFAULTS[name], int):
        kind = forms.IntegerField
    return kind(
        label=label,
        help_text=f"{help_text} {low:g} to {high:,g}.",
        initial=f"{DEFAULTS[name]:g}",
        min_value=low,
        max_value=high,
        required=False,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
    )


def _switch(name: str, label: str, help_text: str) -> forms.Field:
    return forms.BooleanField(
        label=label,
        help_text=help_text,
        initial=DEFAULTS[name],
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


class BatchForm(forms.Form):
    """A new batch: a list, pasted or uploaded, and how it is to be scanned."""

    name = forms.CharField(
        required=False,
        max_length=200,
        label="Name",
        help_text="How you will recognise it in the list. May stay empty.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    domains = forms.CharField(
        required=False,
        label="Domains",
        help_text="One a line, or parted by commas or blanks; URLs are fine. Up to 100,000.",
        widget=forms.Textarea(
            attrs={
                "class": "form-control font-monospace",
                "rows": 10,
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "example.com\nhttps://www.example.org/about\nbücher.example",
            }
        ),
    )
    file = forms.FileField(
        required=False,
        label="Or upload a file",
        help_text="TXT or CSV, up to 20 MB.",
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".txt,.csv,.tsv"}),
    )
    column = forms.CharField(
        required=False,
        max_length=200,
        label="Column with the domains",
        help_text="For a CSV: its name or number. Found by itself if left empty.",
        widget=forms.TextInput(
            attrs={"class": "form-control", "list": "columns", "autocomplete": "off"}
        ),
    )
    max_concurrent = _number("max_concurrent", "Sites at once", "How many are scanned together.")
    max_pages = _number("max_pages", "Pages kept", "Most pages listed of a site.")
    fetch_pages = _number("fetch_pages", "Pages opened", "Most pages opened to find contacts.")
    site_deadline = _number("site_deadline", "Seconds for a site", "A scan ends after this.")
    request_delay = _number(
        "request_delay", "Seconds between requests", "A pause before the next request to a site."
    )
    obey_robots = _switch("obey_robots", "Obey robots.txt", "Leave alone what a site closes.")
    follow = _switch("follow", "Open contact pages", "Contact, about and imprint pages too.")
    sitemaps = _switch("sitemaps", "Read sitemaps", "List the pages a site's sitemaps name.")
    test_mode = _switch("test_mode", "Test mode", "Scan, but keep the findings with the job only.")

    # What the list came to, once it could be read.
    found: DomainList | None = None

    OPTION_NAMES = tuple(DEFAULTS)

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self[name] for name in self.OPTION_NAMES if name in BOUNDS]

    @property
    def switches(self) -> list[forms.BoundField]:
        return [self[name] for name in self.OPTION_NAMES if name not in BOUNDS]

    @property
    def options_need_a_look(self) -> bool:
        """Whether the folded options hold an error or something other than the defaults."""
        return self.is_bound and any(
            name in self.errors or self.cleaned_data.get(name) not in (None, default)
            for name, default in DEFAULTS.items()
        )

    def options(self) -> dict[str, Any]:
        """Return the options that were given; one that was left empty keeps its default."""
        given = {name: self.cleaned_data.get(name) for name in self.OPTION_NAMES}
        return {name: value for name, value in given.items() if value is not None}

    def create(self, *, tenant: Tenant, created_by: User) -> Batch | None:
        """Create the batch of a valid form; None, with the errors marked, where it is refused."""
        if not self.is_valid() or self.found is None:
            return None
        try:
            return create_batch(
                tenant=tenant,
                created_by=created_by,
                domains=[line.host for line in self.found.accepted],
                options=self.options(),
                name=self.cleaned_data["name"],
                metadata=refusals(self.found),
            )
        except ValidationError as error:
            self.add_error(None, error)
            return None

    def clean_file(self) -> UploadedFile | None:
        upload = self.cleaned_data["file"]
        if upload and upload.size > MAX_UPLOAD:
            raise ValidationError("The file is larger than 20 MB; split it.")
        return upload

    def clean(self) -> dict[str, Any]:
        text, upload = self.cleaned_data.get("domains", ""), self.cleaned_data.get("file")
        if "file" in self.errors or "domains" in self.errors:
            return self.cleaned_data
        if text.strip() and upload:
            self.add_error("file", "Paste a list or upload a file, not both at once.")
        elif upload:
            self._read_file(upload)
        elif text.strip():
            self._take(read_pasted(text), "domains")
        else:
            self.add_error("domains", "Paste some domains, or choose a file below.")
        return self.cleaned_data

    def _read_file(self, upload: UploadedFile) -> None:
        column = self.cleaned_data.get("column", "").strip()
        try:
            self._take(
                read_upload(upload.read(), filename=upload.name or "", column=column), "file"
            )
        except UnreadableFile as error:
            self.add_error("file", f"{error} Choose the file again once it is mended.")

    def _take(self, found: DomainList, field: str) -> None:
        self.found = found
        if not found.accepted:
            count = len(found.refused)
            what = (
                f"None of the {count:,} entries is" if count else "There is nothing in it that is"
            )
            self.add_error(field, f"{what} a domain that can be scanned.")


class RetryForm(forms.Form):
    """Which failures of a batch are scanned again, and how; what is left out stays as it is."""

    reasons = forms.MultipleChoiceField(required=False, choices=FAILURE_REASONS)
    site_deadline = _number("site_deadline", "Seconds for a site", "More for slow sites.")
    request_delay = _number(
        "request_delay", "Pause in seconds", "Between requests; more for sites that block."
    )
    max_concurrent = _number("max_concurrent", "Sites at once", "Fewer if they share a server.")
    obey_robots = forms.TypedChoiceField(
        required=False,
        label="robots.txt",
        choices=[("true", "Obeyed"), ("false", "Not obeyed")],
        coerce=lambda chosen: chosen == "true",
        empty_value=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    OPTION_NAMES = ("site_deadline", "request_delay", "max_concurrent", "obey_robots")

    @classmethod
    def of(cls, batch: Batch) -> "RetryForm":
        """Return the form with the options as the batch has them."""
        options = batch.scan_options.as_dict()
        shown = {name: f"{options[name]:g}" for name in cls.OPTION_NAMES if name in BOUNDS}
        return cls(initial=shown | {"obey_robots": str(options["obey_robots"]).lower()})

    @property
    def options(self) -> list[forms.BoundField]:
        return [self[name] for name in self.OPTION_NAMES]

    def changed_options(self, batch: Batch) -> dict[str, Any]:
        """Return the options that were given and are not what the batch has already."""
        current = batch.scan_options.as_dict()
        given = {name: self.cleaned_data[name] for name in self.OPTION_NAMES}
        return {
            name: value
            for name, value in given.items()
            if value is not None and value != current[name]
        }

    def refusal(self) -> str:
        """Say what is wrong with what was given."""
        return " ".join(
            f"{self.fields[name].label}: {' '.join(map(str, told))}"
            for name, told in self.errors.items()
        )
