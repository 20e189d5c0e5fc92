"""The forms of saved lists: a name, and a pasted or uploaded list to import."""

from copy import deepcopy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from batches.forms import BatchForm
from batches.list_parsing import read_pasted, read_upload
from batches.services import at_once_limit
from scans.domain_lists.importing import prepare
from scans.domain_lists.models import NAME_LENGTH, DomainList, ListImport
from scans.domain_lists.services import create_list
from scans.engine.lists.collection import ParsedList
from scans.engine.lists.errors import UnreadableFile
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.regional import grouped

INTAKE = BatchForm.base_fields


class ImportForm(forms.Form):
    """A pasted or uploaded list of domains for a saved list."""

    domains = deepcopy(INTAKE["domains"])
    file = deepcopy(INTAKE["file"])
    column = deepcopy(INTAKE["column"])
    # The list, once it has been read.
    parsed: ParsedList | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = (
            "Text, CSV, a spreadsheet, JSON, or a ZIP file of one of these, of up to"
            f" {grouped(at_once_limit())} domains. Import longer lists in parts."
        )

    def clean(self) -> dict[str, Any]:
        text, upload = self.cleaned_data.get("domains", "").strip(), self.cleaned_data.get("file")
        if text and upload:
            raise ValidationError({"file": "Paste a list or upload a file, not both."})
        field = "file" if upload else "domains"
        if text or upload:
            self._read(text, upload, field)
        elif not self.errors:
            self.check_empty()
        return self.cleaned_data

    def check_empty(self) -> None:
        """Reject a form without any domain."""
        self.add_error("domains", "Paste domains, or choose a file below.")

    def _read(self, text: str, upload: UploadedFile | None, field: str) -> None:
        column = self.cleaned_data.get("column", "").strip()
        try:
            if upload:
                name = upload.name or ""
                self.parsed = read_upload(upload.chunks(), filename=name, column=column)
            else:
                self.parsed = read_pasted(text)
        except UnreadableFile as error:
            self.add_error(field, str(error))
            return
        if not self.parsed.accepted:
            self._refuse_all(self.parsed, field)

    def _refuse_all(self, parsed: ParsedList, field: str) -> None:
        """Reject a list without any domain; the first rejected line shows why."""
        message = "There is no domain in it that can be scanned."
        if parsed.rejected:
            line = parsed.rejected[0]
            message += f" Line {line.line}, “{line.value}”: {line.reason}"
        self.add_error(field, message)

    def prepare(self, row: DomainList, *, user: User) -> ListImport:
        """Store the list of a valid form, to be compared with a saved list and applied."""
        if self.parsed is None:
            raise ValueError("The form has no list.")
        upload = self.cleaned_data.get("file")
        return prepare(row, self.parsed, user=user, source=upload.name if upload else "")


class NewListForm(ImportForm):
    """The name of a new saved list, and its first domains, if any."""

    name = forms.CharField(
        max_length=NAME_LENGTH,
        label="Name",
        error_messages={"required": "Enter a name for the list."},
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def check_empty(self) -> None:
        """Accept a form without domains; the list is empty then."""

    def create(self, *, tenant: Tenant, user: User) -> DomainList | None:
        """Create the list, still empty; return None and add the errors if the form is invalid."""
        if not self.is_valid():
            return None
        try:
            return create_list(tenant=tenant, created_by=user, name=self.cleaned_data["name"])
        except ValidationError as error:
            self.add_error(None, error)
            return None
