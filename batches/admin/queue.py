"""The read-only admin of the queue; only the timing of the console's own schedules is editable.

Anyone who can add a schedule, or change what it calls, can run arbitrary code on the workers, so no
page allows it, not even for superusers. This replaces django-q2's own admin, which does allow it.
"""

from typing import Any

import django_q.admin  # noqa: F401 (registers the admin replaced below)
from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_q.conf import Conf
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from batches import maintenance
from scrapersky.tenants.owned_admin import InstallationAdmin

SHOWN_PAYLOAD = 20_000
TIMING = ("schedule_type", "minutes", "repeats", "next_run")
for model in (Schedule, Success, Failure, OrmQ):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


def payload(label: str, value: Any) -> SafeString:
    """Return a value from the queue as escaped text, truncated to 20,000 characters."""
    return format_html(
        '<pre class="report" tabindex="0" role="region" aria-label="{}">{}</pre>',
        label,
        repr(value)[:SHOWN_PAYLOAD],
    )


class TimingForm(ModelForm):
    """When a schedule runs."""

    class Meta:
        model = Schedule
        fields = TIMING

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        timing: Any = self.fields.get("schedule_type")
        if timing:
            # A cron expression needs a package that is not installed.
            timing.choices = [choice for choice in Schedule.TYPE if choice[0] != Schedule.CRON]


@admin.register(Schedule)
class ScheduleAdmin(InstallationAdmin):
    """The console's own maintenance schedules."""

    form = TimingForm
    list_display = ["name", "func", "schedule_type", "minutes", "repeats", "next_run"]
    search_fields = ["name", "func"]
    ordering = ["name"]
    readonly_fields = ("name", "func", "hook", "arguments", "keyword_arguments", "cluster", "task")
    fields = (*readonly_fields, *TIMING)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only the timing of the console's own schedules can be changed."""
        is_own = not isinstance(obj, Schedule) or obj.name in maintenance.SCHEDULES
        return is_own and self.may_write(request, obj)

    @admin.display(description="Arguments")
    def arguments(self, obj: Schedule) -> SafeString:
        return payload("Arguments", obj.args)

    @admin.display(description="Keyword arguments")
    def keyword_arguments(self, obj: Schedule) -> SafeString:
        return payload("Keyword arguments", obj.kwargs)

    def save_model(
        self, request: HttpRequest, obj: Schedule, form: ModelForm, change: bool
    ) -> None:
        """Write only the timing; ignore all other fields."""
        self.check_row(request, obj)
        obj.save(update_fields=TIMING)


class TaskAdmin(InstallationAdmin):
    """Tasks that have ended."""

    list_display = ["name", "group", "func", "cluster", "started", "stopped"]
    list_filter = ["stopped"]
    search_fields = ["name", "func", "group"]
    fields = [
        "id", "name", "func", "hook", "arguments", "keyword_arguments", "outcome", "group",
        "cluster", "started", "stopped", "success", "attempt_count",
    ]  # fmt: skip

    @admin.display(description="Arguments")
    def arguments(self, obj: Task) -> SafeString:
        return payload("Arguments", obj.args)

    @admin.display(description="Keyword arguments")
    def keyword_arguments(self, obj: Task) -> SafeString:
        return payload("Keyword arguments", obj.kwargs)

    @admin.display(description="Result")
    def outcome(self, obj: Task) -> SafeString:
        return payload("Result", obj.result)


admin.site.register(Success, TaskAdmin)
admin.site.register(Failure, TaskAdmin)


class QueuedTaskAdmin(InstallationAdmin):
    """Tasks that wait for a worker."""

    list_display = ["id", "key", "name", "func", "lock"]
    fields = ["key", "lock", "task_id", "name", "group", "func", "arguments", "keyword_arguments"]

    @admin.display(description="Arguments")
    def arguments(self, obj: OrmQ) -> SafeString:
        return payload("Arguments", obj.args())

    @admin.display(description="Keyword arguments")
    def keyword_arguments(self, obj: OrmQ) -> SafeString:
        return payload("Keyword arguments", obj.kwargs())


if Conf.ORM:
    admin.site.register(OrmQ, QueuedTaskAdmin)
