"""The form of a new batch with its draft: what is kept of it, checked, corrected and skipped."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils import timezone

from batches.checking import RECENT_DAYS, SHOWN, Check, check_list
from batches.forms import BatchForm
from batches.list_parsing import read_pasted
from batches.models import Draft
from scans.engine.lists.collection import ParsedList
from scans.engine.lists.errors import UnreadableFile
from scrapersky.tenants.models import Tenant, User

# Of the form's data, what only one request needs.
_NOT_KEPT = {"csrfmiddlewaretoken", "check", "draft"}
# Bytes of a file that a draft keeps; the list of a larger one is checked while it is read.
MAX_KEPT_FILE = 25_000_000
SWITCH = forms.CheckboxInput(attrs={"class": "form-check-input"})


class DraftForm(BatchForm):
    """A new batch, with choices for the groups of its list and an uploaded file kept for it."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3_650,
        initial=RECENT_DAYS,
        label="Recent means scanned within so many days",
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    skip_recent = forms.BooleanField(required=False, label="Skip these", widget=SWITCH)
    skip_older = forms.BooleanField(required=False, label="Skip these", widget=SWITCH)
    fixes = forms.CharField(
        required=False,
        label="Corrected lines",
        help_text="Correct these lines and check again. Lines that you delete are left out.",
        widget=forms.Textarea(
            attrs={"class": "form-control font-monospace", "rows": 5, "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, draft: Draft | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft = draft
        self.kept_file, self._kept = "", b""
        if draft:
            _, self.kept_file, self._kept = draft.read()

    @classmethod
    def of(cls, draft: Draft) -> "DraftForm":
        """Return the form as it was filled in when the draft was saved."""
        fields, _, _ = draft.read()
        return cls(fields, draft=draft)

    def clean(self) -> dict[str, Any]:
        pasted = self.cleaned_data.get("domains", "").strip()
        if self._kept and not pasted and not self.cleaned_data.get("file"):
            self.cleaned_data["file"] = SimpleUploadedFile(self.kept_file, self._kept)
        super().clean()
        fixes = self.cleaned_data.get("fixes", "").strip()
        if self.parsed and self.parsed.rejected_count and fixes:
            self._correct(self.parsed, fixes)
        return self.cleaned_data

    def _correct(self, parsed: ParsedList, fixes: str) -> None:
        """Put the corrected lines in the place of the rejected ones."""
        try:
            corrected = read_pasted(fixes)
        except UnreadableFile as error:
            self.add_error("fixes", str(error))
            return
        known = set(parsed.hosts)
        added = tuple(line for line in corrected.accepted if line.host not in known)
        self.parsed = replace(
            parsed,
            accepted=parsed.accepted + added,
            rejected=corrected.rejected,
            rejected_count=corrected.rejected_count,
        )
        if self.parsed.accepted:
            self.errors.pop("domains", None)
            self.errors.pop("file", None)

    def check(self, tenant: Tenant) -> Check | None:
        """Return the groups of the list; None where it could not be read at once."""
        self.is_valid()
        return self._check(self.parsed, tenant) if self.parsed else None

    def _check(self, parsed: ParsedList, tenant: Tenant) -> Check:
        days = self.cleaned_data.get("days") or RECENT_DAYS
        return check_list(parsed, tenant=tenant, days=days, now=timezone.now())

    def save_draft(self, *, tenant: Tenant, user: User) -> Draft:
        """Keep everything that was filled in, valid or not."""
        draft = self.draft or Draft(tenant=tenant, created_by=user)
        file_name, file = self._file_to_keep()
        fields = {name: value for name, value in self.data.items() if name not in _NOT_KEPT}
        draft.write(fields, file_name, file)
        draft.name = str(self.data.get("name", ""))[:200].replace("\0", "")
        draft.domain_count = len(self.parsed.accepted) if self.parsed else 0
        draft.save()
        self.draft, self.kept_file = draft, file_name
        return draft

    def _file_to_keep(self) -> tuple[str, bytes]:
        upload: UploadedFile | None = self.files.get("file")
        if upload is None:
            return (
                ("", b"") if self.data.get("domains", "").strip() else (self.kept_file, self._kept)
            )
        if (upload.size or 0) > MAX_KEPT_FILE:
            return "", b""
        upload.seek(0)
        return (upload.name or "list")[:200], upload.read()

    def hosts_to_scan(self, parsed: ParsedList, tenant: Tenant) -> Sequence[str]:
        skips = {name: bool(self.data.get(f"skip_{name}")) for name in ("recent", "older")}
        if not any(skips.values()):
            return super().hosts_to_scan(parsed, tenant)
        hosts = self._check(parsed, tenant).without(**skips)
        if not hosts:
            raise ValidationError("Every domain of the list is skipped.")
        return hosts


def shown(check: Check) -> list[dict[str, Any]]:
    """Return the groups of a check for a page: name, label, count and first rows."""
    groups = [
        ("new", "New", len(check.fresh), check.fresh),
        ("recent", "Scanned recently", len(check.recent), check.recent),
        ("older", "Known, not scanned recently", len(check.older), check.older),
        ("repeated", "Repeated in this list", check.repeated_count, check.repeated),
        ("rejected", "Rejected", check.rejected_count, check.rejected),
    ]
    return [
        {"name": name, "label": label, "count": count, "rows": rows[:SHOWN], "all": rows}
        for name, label, count, rows in groups
    ]
