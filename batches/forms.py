"""The form of a new batch: it parses and checks input; services act on it."""

from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy

from batches.large_lists import LargeList, create_large_batch, saved_list
from batches.list_parsing import (
    FILE_TYPES,
    is_table,
    kept_rows,
    may_be_larger,
    read_pasted,
    read_upload,
    rejections,
)
from batches.models import Batch
from batches.option_fields import option_field
from batches.options import all_options
from batches.services import create_batch
from batches.skipping import SKIP_NOTHING, Skips
from batches.sources import Source, find_source, is_large, parsed_source, source_choices
from scans.engine.lists.collection import ListTooLong, ParsedList, RejectedLine
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.kept_rows import KeptRows
from scans.engine.lists.structure import Structure
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.regional import grouped, grouped_lazily

# Maximum number of rejected lines listed above the form.
SHOWN_REJECTIONS = 20
# Maximum number of domains that are filled into the copy of a batch.
MOST_COPIED = 10_000


class BatchForm(forms.Form):
    """A new batch: a pasted or uploaded list, and its options."""

    name = forms.CharField(
        required=False,
        max_length=200,
        label="Name",
        help_text="Shown in the list of batches. Optional.",
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    domains = forms.CharField(
        required=False,
        label="Domains",
        help_text="One per line, or separated by commas or spaces. URLs are accepted.",
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
        help_text=format_lazy(
            "Text, CSV, a spreadsheet, JSON, or a ZIP file of one of these, up to {megabytes} MB"
            " and {domains} domains.",
            megabytes=f"{settings.UPLOAD_MAX_BYTES / 1_000_000:g}",
            domains=grouped_lazily(settings.MAX_DOMAINS_PER_BATCH),
        ),
        widget=forms.FileInput(attrs={"class": "form-control", "accept": FILE_TYPES}),
    )
    column = forms.CharField(
        required=False,
        max_length=200,
        label="Column with the domains",
        help_text="For tables: the column's name or number. Leave empty to detect it.",
        widget=forms.TextInput(
            attrs={"class": "form-control", "list": "columns", "autocomplete": "off"}
        ),
    )
    sheet = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    source = forms.CharField(
        required=False,
        label="Domains from",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    # The user who selects a source, and the tenant of its domains; without both, none can be
    # selected.
    chooser: tuple[User, Tenant] | None = None
    # The selected saved list, view or filter.
    chosen_source: Source | None = None
    # The list, once it has been read.
    parsed: ParsedList | None = None
    # The list, if it is too long to be read while the user waits.
    large: LargeList | None = None
    takes_large_lists = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The sheets and columns of the list, as far as they are known.
        self.structure = Structure()
        for option in all_options():
            self.fields[option.name] = option_field(option)

    @classmethod
    def copy_of(cls, batch: Batch) -> Self:
        """Return the form filled in with the settings of a batch; a very long list is left out."""
        jobs = batch.jobs.filter(domain__isnull=False).order_by("position")
        hosts = jobs.values_list("domain__host", flat=True)
        values = batch.original_options.as_dict()
        options = {name: v if isinstance(v, bool | str) else f"{v:g}" for name, v in values.items()}
        text = "\n".join(hosts) if batch.total <= MOST_COPIED else ""
        name = f"Copy of {batch}"[:200]
        return cls(initial=options | {"name": name, "domains": text})

    def offer_sources(self, user: User, tenant: Tenant) -> Self:
        """Offer a tenant's lists and a user's views as sources; return the form."""
        self.chooser = (user, tenant)
        widget: Any = self.fields["source"].widget
        widget.choices = source_choices(user, tenant, str(self["source"].value() or ""))
        return self

    @property
    def has_sources(self) -> bool:
        """Whether there are sources other than a pasted or uploaded list."""
        widget: Any = self.fields["source"].widget
        return len(list(widget.choices)) > 1

    @property
    def inputs(self) -> list[forms.BoundField]:
        """The options that are not switches."""
        return [self[option.name] for option in all_options() if option.kind is not bool]

    @property
    def switches(self) -> list[forms.BoundField]:
        """The options that are on or off."""
        return [self[option.name] for option in all_options() if option.kind is bool]

    @property
    def has_changed_options(self) -> bool:
        """Whether a collapsed option has an error or a value other than its default."""
        return self.is_bound and any(
            option.name in self.errors
            or self.cleaned_data.get(option.name) not in (None, "", option.default)
            for option in all_options()
        )

    # Whether the list is only checked and not stored.
    is_check = False

    def kept_rows(self) -> KeptRows | None:
        """Return the storage for a table's columns, or None if the user wants only the domains."""
        is_wanted = bool(self.cleaned_data.get("keep_columns"))
        return kept_rows(is_wanted=is_wanted, only_counts=self.is_check)

    @property
    def rejected(self) -> Sequence[RejectedLine]:
        """The first rejected lines of the list."""
        return self.parsed.rejected[:SHOWN_REJECTIONS] if self.parsed else ()

    @property
    def more_rejected(self) -> int:
        """The number of rejected lines that are not shown."""
        return self.parsed.rejected_count - len(self.rejected) if self.parsed else 0

    def options(self) -> dict[str, Any]:
        """Return the options that were filled in; empty ones keep their defaults."""
        values = {option.name: self.cleaned_data.get(option.name) for option in all_options()}
        return {name: value for name, value in values.items() if value not in (None, "")}

    def create(self, *, tenant: Tenant, created_by: User) -> Batch | None:
        """Create the batch; return None and add the errors to the form if it is rejected."""
        if not self.is_valid():
            return None
        arguments: dict[str, Any] = {
            "tenant": tenant,
            "created_by": created_by,
            "options": self.options(),
            "name": self.cleaned_data["name"],
            "skips": self.skips(),
        }
        origin = self.chosen_source.metadata if self.chosen_source else {}
        try:
            if self.large:
                with saved_list(self.large) as saved:
                    return create_large_batch(saved, metadata=origin, **arguments)
            if self.parsed is None:
                return None
            hosts, left_out = self.parsed.hosts, origin | rejections(self.parsed)
            return create_batch(
                domains=hosts, metadata=left_out, rows=self.parsed.rows, **arguments
            )
        except ValidationError as error:
            self.add_error(None, error)
            return None

    def skips(self) -> Skips:
        """Return which known domains of the list to leave out."""
        return SKIP_NOTHING

    def clean_file(self) -> UploadedFile | None:
        upload = self.cleaned_data["file"]
        if upload and upload.size > settings.UPLOAD_MAX_BYTES:
            megabytes = f"{settings.UPLOAD_MAX_BYTES / 1_000_000:g}"
            raise ValidationError(f"The file is larger than {megabytes} MB. Split it.")
        return upload

    def clean(self) -> dict[str, Any]:
        text, upload = self.cleaned_data.get("domains", ""), self.cleaned_data.get("file")
        if "file" in self.errors or "domains" in self.errors:
            return self.cleaned_data
        if key := self.cleaned_data.get("source", ""):
            self._read_source(key, is_alone=not (text.strip() or upload))
        elif text.strip() and upload:
            self.add_error("file", "Paste a list or upload a file, not both.")
        elif upload:
            self._read_file(upload)
        elif text.strip():
            self._read_pasted(text)
        else:
            self.add_error("domains", "Paste domains, or choose a file below.")
        return self.cleaned_data

    def _read_source(self, key: str, *, is_alone: bool) -> None:
        if self.chooser is None or not is_alone:
            self.add_error("source", "Choose a list here, or paste or upload one, not both.")
            return
        user, tenant = self.chooser
        try:
            self.chosen_source = self.find_source(key, user, tenant)
            self._take_source(self.chosen_source)
        except ValidationError as error:
            self.add_error("source", error)

    def find_source(self, key: str, user: User, tenant: Tenant) -> Source:
        """Return the selected source; raise ValidationError if it does not exist."""
        return find_source(key, user=user, tenant=tenant)

    def _take_source(self, source: Source) -> None:
        hosts = source.hosts()
        if not is_large(hosts):
            self.parsed = parsed_source(hosts)
            return
        lines = (f"{host}\n".encode() for host in hosts)
        error = ListTooLong(f"The list has {grouped(len(hosts))} domains. Split it.")
        self._take_large(LargeList(lines, is_table=False), "source", error)

    def _read_pasted(self, text: str) -> None:
        column = self.cleaned_data.get("column", "").strip()
        try:
            parsed = read_pasted(
                text, column=column, structure=self.structure, keep=self.kept_rows()
            )
            self._take(parsed, "domains")
        except ListTooLong as error:
            large = LargeList([text.encode(errors="replace")], column=column)
            self._take_large(large, "domains", error)
        except UnreadableFile as error:
            self.add_error("domains", str(error))

    def _read_file(self, upload: UploadedFile) -> None:
        column = self.cleaned_data.get("column", "").strip()
        sheet = self.cleaned_data.get("sheet", "")
        name = upload.name or ""
        try:
            parsed = read_upload(
                upload.chunks(),
                filename=name,
                column=column,
                sheet=sheet,
                structure=self.structure,
                keep=self.kept_rows(),
            )
            self._take(parsed, "file")
        except ListTooLong as error:
            large = LargeList(upload.chunks(), is_table=is_table(name), column=column, sheet=sheet)
            self._take_large(large, "file", error)
        except UnreadableFile as error:
            self.add_error("file", f"{error} Correct the file and choose it again.")

    def _take_large(self, large: LargeList, field: str, error: ListTooLong) -> None:
        if self.takes_large_lists and may_be_larger():
            self.large = large
        else:
            self.add_error(field, str(error))

    def _take(self, parsed: ParsedList, field: str) -> None:
        self.parsed = parsed
        if not parsed.accepted:
            count = parsed.rejected_count
            none = f"None of the {grouped(count)} entries is" if count else "It does not contain"
            self.add_error(field, f"{none} a domain that can be scanned.")
