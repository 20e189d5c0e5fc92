"""The form of a new batch and its draft: saving, checking, correcting and skipping lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from batches.checking import SHOWN, Check, check_list
from batches.forms import BatchForm
from batches.list_parsing import read_pasted
from batches.models import Draft
from batches.skipping import MAX_DAYS, RECENT_DAYS, Skips
from scans.engine.lists.collection import ParsedList, RejectedLine
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.structure import Structure
from scrapersky.tenants.models import Tenant, User

# Form fields that are not saved with the draft.
_NOT_KEPT = {"csrfmiddlewaretoken", "check", "pick_sheet", "pick_column", "draft"}
# Buttons that select a sheet or column, and all buttons that check the list.
PICKS = frozenset({"pick_sheet", "pick_column"})
CHECKS = PICKS | {"check"}
# Largest file that a draft keeps, in bytes; a larger one is checked while it is read.
MAX_KEPT_FILE = 25_000_000
# Maximum length of a column name in the form.
_LONGEST_NAME = 200
SWITCH = forms.CheckboxInput(attrs={"class": "form-check-input"})


class DraftForm(BatchForm):
    """A new batch with an uploaded file and decisions about the groups of its list."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
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
        # Rejected lines that appeared after the corrections were typed.
        self._not_corrected: Sequence[RejectedLine] | None = None
        if draft:
            _, self.kept_file, self._kept = draft.read()

    @classmethod
    def submitted(cls, fields: QueryDict, files: Any, draft: Draft | None) -> "DraftForm":
        """Return the submitted form, with the sheet or column that was clicked."""
        form = cls(_picked(fields), files, draft=draft)
        upload: UploadedFile | None = form.files.get("file")
        if upload is not None and upload.name != form.kept_file and "pick_sheet" not in fields:
            form.data = {**form.data, "sheet": ""}  # the sheet was selected in another file
        return form

    @classmethod
    def of(cls, draft: Draft) -> "DraftForm":
        """Return the form as it was when the draft was saved."""
        fields, _, _ = draft.read()
        return cls(fields, draft=draft)

    def clean(self) -> dict[str, Any]:
        pasted = self.cleaned_data.get("domains", "").strip()
        has_other = pasted or self.cleaned_data.get("source") or self.cleaned_data.get("file")
        if self._kept and not has_other:
            self.cleaned_data["file"] = SimpleUploadedFile(self.kept_file, self._kept)
        super().clean()
        fixes = self.cleaned_data.get("fixes", "").strip()
        if self.parsed and self._corrected_lines(self.parsed) and fixes:
            self._correct(self.parsed, fixes)
        return self.cleaned_data

    def _corrected_lines(self, parsed: ParsedList) -> list[RejectedLine]:
        """Return the rejected lines that the corrections replace: those shown at the time."""
        if not (shown_then := self._text_of("fixes_of")):
            return list(parsed.rejected)
        values = set(shown_then.split("\n"))
        return [line for line in parsed.rejected if line.value in values]

    def _correct(self, parsed: ParsedList, fixes: str) -> None:
        """Replace rejected lines by their corrections."""
        try:
            corrected = read_pasted(fixes)
        except UnreadableFile as error:
            self.add_error("fixes", str(error))
            return
        replaced = self._corrected_lines(parsed)
        unchanged = {line.value: line for line in reversed(replaced)}
        others = tuple(line for line in parsed.rejected if line not in replaced)
        if parsed.rows is not None:
            shown_then = self._text_of("fixes_of").split("\n") if self._text_of("fixes_of") else []
            values = shown_then or [line.value for line in replaced]
            parsed.rows.corrections = dict(_corrections(replaced, values, corrected, fixes))
        known = set(parsed.hosts)
        added = tuple(line for line in corrected.accepted if line.host not in known)
        self.parsed = replace(
            parsed,
            accepted=parsed.accepted + added,
            rejected=tuple(unchanged.get(line.value, line) for line in corrected.rejected) + others,
            rejected_count=parsed.rejected_count - len(replaced) + corrected.rejected_count,
        )
        self._not_corrected = others
        if self.parsed.accepted:
            self.errors.pop("domains", None)
            self.errors.pop("file", None)

    @property
    def is_corrected(self) -> bool:
        """Whether corrections replace rejected lines."""
        return self._not_corrected is not None

    def lines_to_correct(self) -> tuple[str, str]:
        """Return the text for correcting rejected lines, and the lines that it replaces."""
        rejected = self.parsed.rejected if self.parsed else ()
        if self._not_corrected is None:
            text = _lines(line.value for line in rejected[:SHOWN])
            return text, text
        added = _lines(line.value for line in self._not_corrected[:SHOWN])
        return (
            f"{self._text_of('fixes')}\n{added}",
            f"{self._text_of('fixes_of')}\n{added}",
        )

    def _text_of(self, name: str) -> str:
        return str(self.data.get(name, "")).replace("\r\n", "\n").rstrip("\n")

    @property
    def column_in_place(self) -> SafeString:
        """Return the column field to swap into the page after another column was clicked."""
        field: forms.BoundField = self["column"]
        return field.as_widget(attrs={"hx-swap-oob": "true", **field.build_widget_attrs({})})

    def check(self, tenant: Tenant) -> Check | None:
        """Return the list in groups, or None if it could not be read immediately."""
        self.is_check = True
        self.is_valid()
        return self._check(self.parsed, tenant) if self.parsed else None

    def _check(self, parsed: ParsedList, tenant: Tenant) -> Check:
        days = self.cleaned_data.get("days") or RECENT_DAYS
        return check_list(parsed, tenant=tenant, days=days, now=timezone.now())

    def save_draft(self, *, tenant: Tenant, user: User) -> Draft:
        """Save everything that was filled in, valid or not."""
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

    def skips(self) -> Skips:
        recent, older = (bool(self.data.get(f"skip_{name}")) for name in ("recent", "older"))
        return Skips(recent, older, self.cleaned_data.get("days") or RECENT_DAYS)


@dataclass(frozen=True, slots=True)
class Choice:
    """A selectable sheet or column: its label, its button's value, and whether it is selected."""

    label: str
    value: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Table:
    """The selectable sheets and columns of a list, and its first rows."""

    sheets: Sequence[Choice]
    columns: Sequence[Choice]
    rows: Sequence[Sequence[str]]


def table_of(structure: Structure) -> Table | None:
    """Return the sheets and columns to select from, or None if there is no choice."""
    names = structure.names
    if len(names) < 2 and len(structure.sheets) < 2:
        return None
    sheets = [Choice(name, name, name == structure.sheet) for name in structure.sheets]
    columns = [
        Choice(name, _column_value(names, index), index == structure.column)
        for index, name in enumerate(names)
    ]
    return Table(sheets if len(sheets) > 1 else (), columns, structure.rows)


def _column_value(names: Sequence[str], index: int) -> str:
    """Return the name of a column, or its number if the name is empty or ambiguous."""
    name = names[index]
    is_plain = names.count(name) == 1 and not name.isdigit() and len(name) <= _LONGEST_NAME
    return name if is_plain and name != f"Column {index + 1}" else str(index + 1)


def _picked(fields: QueryDict) -> dict[str, Any]:
    """Return the submitted data with the clicked sheet or column filled in."""
    picked: dict[str, Any] = fields.dict()
    if PICKS.isdisjoint(fields):
        return picked
    if "pick_sheet" in fields:
        picked |= {"sheet": fields["pick_sheet"], "column": ""}
    else:
        picked |= {"column": fields["pick_column"]}
    # Corrections apply to the sheet and column read before.
    return picked | {"fixes": "", "fixes_of": ""}


def _lines(values: Iterable[str]) -> str:
    return "".join(f"{value}\n" for value in values)


def _corrections(
    rejected: Sequence[RejectedLine], values: Sequence[str], corrected: ParsedList, fixes: str
) -> Iterator[tuple[int, str]]:
    """Yield rejected lines with their corrected hosts.

    `values` are the rejected values that were shown. Corrections can be matched to values only if
    there are equally many of both.
    """
    numbers = [index for index, text in enumerate(fixes.splitlines(), start=1) if text.strip()]
    if len(numbers) != len(values):
        return
    hosts = {line.line: line.host for line in (*corrected.repeated, *corrected.accepted)}
    host_of = dict(zip(values, map(hosts.get, numbers), strict=True))
    for line in rejected:
        if host := host_of.get(line.value):
            yield line.line, host


def shown(check: Check) -> list[dict[str, Any]]:
    """Return the groups of a check for display: name, label, count and first rows."""
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
