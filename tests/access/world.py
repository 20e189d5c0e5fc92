"""The requested rows; one tenant's contain a word that outsiders must not see."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import FieldError
from django.db import connection, transaction
from django.db.models import Model
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from batches.list_parsing import read_pasted
from batches.models import (
    BatchList,
    BatchRow,
    DailyCount,
    Draft,
    Export,
    ExportedRow,
    LegacyId,
    MaintenanceRun,
    ViewExport,
    Worker,
)
from batches.recurring import Plan, create_recurring, start_now
from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.domain_lists import importing
from scans.domain_lists.services import add_domains, create_list
from scans.models import Correction, Domain, DomainTag, Tag, TechnologyCount
from scrapersky.tenants.access import tenant_path
from scrapersky.tenants.models import ApiToken, LoginDelay, Membership, Tenant, User, UserSession
from scrapersky.tenants.preferences import ListSettings, SavedView
from scrapersky.tenants.tests.staff import permissions
from tests.access.actors import ACTORS, Actor

admin.autodiscover()  # whatever module of tests comes first
WORD = "zanzibar"
# Matches statements that write a table, except temporary `stage_*` tables.
CHANGE = re.compile(
    r'\s*(?:INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM)\s+"?((?!stage_)\w+)"?', re.IGNORECASE
)
# Tables that a request may write without changing a tenant's data.
HARMLESS = {"django_session", "tenants_usersession", "tenants_logindelay"}
# Rows of an account, which viewers may write too.
PREFERENCES = {
    "tenants_savedview",
    "tenants_listsettings",
    "batches_viewexport",
    "batches_exportedrow",
}


@dataclass
class Answer:
    """The result of a request: status, text, response, and written tables."""

    status: int
    text: str
    response: Any
    written: set[str] = field(default_factory=set)
    # Whether rows of the tenant have changed, if requested.
    changed_here: bool = False

    @property
    def tells_the_word(self) -> bool:
        return WORD in self.text.lower()


class World:
    """Two tenants, the rows of one of them, and a client for every actor."""

    actors = ACTORS

    def __init__(self) -> None:
        # No schedule is late while a cluster runs.
        Schedule.objects.update(next_run=timezone.now() + timedelta(hours=1))
        self.here = Tenant.objects.create(name=f"{WORD} Ltd")
        self.elsewhere = Tenant.objects.create(name="Another organisation")
        self.rows: dict[str, Any] = self._rows_here()
        self.users = {actor: self._user(actor) for actor in ACTORS if not actor.is_anonymous}
        # A shared client: each one loads the middleware, which takes 0.1 s.
        self._client = Client()
        self._cookies = {actor: self._log_in(actor) for actor in ACTORS}
        # Every request is undone, so this is what each of them starts with.
        self._rows_before = self._rows_of_tenant()

    def _rows_here(self) -> dict[str, Any]:
        now = timezone.now()
        owner = User.objects.create(username=f"{WORD}-owner", email=f"{WORD}@example.com")
        Membership.objects.create(user=owner, tenant=self.here, role=Membership.Role.VIEWER)
        own: dict[str, Any] = {"tenant": self.here, "created_by": owner}
        batch = create_batch(domains=[f"{WORD}.example"], name=f"{WORD} list", **own)
        job: Any = complete(batch.jobs.get())
        plan = Plan(f"{WORD} weekly", f"{WORD}.example", "daily", now.time())
        schedule = create_recurring(plan, now=now, **own)
        start_now(schedule, user=owner, now=now)
        tag = Tag.objects.create(tenant=self.here, name=WORD)
        DomainTag.objects.create(tag=tag, domain=job.domain)
        saved_list = create_list(name=f"{WORD} leads", **own)
        add_domains(saved_list, Domain.objects.filter(pk=job.domain_id), user=owner)
        parsed = read_pasted(f"{WORD}-shop.example\nlocalhost")
        waiting = importing.prepare(saved_list, parsed, user=owner, source=f"{WORD}.csv")
        view: dict[str, Any] = {"list_name": "domains", "name": WORD, "is_shared": True}
        shared = SavedView.objects.create(tenant=self.here, owner=owner, **view)
        ListSettings.objects.create(user=owner, list_name=WORD)
        Correction.objects.create(domain=job.domain, kind="technology", value=WORD, **own)
        BatchList.objects.create(batch=batch, file=WORD)
        BatchRow.objects.create(batch=batch, position=0, line=1, values=[WORD], domain=job.domain)
        draft = Draft(name=f"{WORD} draft", **own)
        draft.write({"domains": f"{WORD}.example\nlocalhost"})
        draft.save()
        export = Export.objects.create(
            list_name="domains", query=f"q={WORD}", format="csv", status="complete", **own
        )
        export.folder.mkdir(parents=True, exist_ok=True)
        export.path.write_text(f"{WORD}.example")
        ViewExport.objects.begin(shared, owner, only_changes=False).finish(1)
        ExportedRow.objects.create(
            view=shared, user=owner, row_id=batch.pk, digest=b"0" * 16, number=1
        )
        DailyCount.objects.create(tenant=self.here, day=now.date(), measure="verdict", name=WORD)
        TechnologyCount.objects.create(
            tenant=self.here, name=WORD, domain_count=1, counted_at=timezone.now()
        )
        self._rows_of_the_installation(batch)
        Client().force_login(owner)
        actions = {model.__name__: model for model in admin.site._registry}.get("BulkAction")
        action: dict[str, Any] = {"list_name": "domains", "operation": WORD, **own}
        return {
            "actions": actions._default_manager.create(**action) if actions else None,
            "batches": batch,
            "batches/drafts": draft,
            "jobs": job,
            "domains": job.domain,
            "lists": saved_list,
            "lists/imports": waiting,
            "schedules": schedule,
            "views": shared,
            "exports": export,
            "exports/views": shared,
            "account/tokens": ApiToken.create(user=owner, name=WORD)[0],
            "account/sessions": UserSession.objects.get(user=owner),
            "owner": owner,
        }

    @staticmethod
    def _rows_of_the_installation(batch: Model) -> None:
        now = timezone.now()
        MaintenanceRun.objects.create(name=WORD)
        Worker.objects.create(host=WORD, ended_at=now, status="ended")
        LoginDelay.objects.create(kind="account", account=WORD, address="192.0.2.1")
        old: dict[str, Any] = {"kind": "batch", "original": WORD, "how": "alias", "made": False}
        LegacyId.objects.create(uuid=batch.pk, **old)
        Group.objects.create(name="Everybody's group").permissions.set(permissions("view_batch"))
        ended: dict[str, Any] = {"func": "f", "args": (WORD,), "started": now, "stopped": now}
        for success in (True, False):
            Task.objects.create(id=f"{success}", name=WORD, success=success, **ended)
        message = {"id": "1", "name": WORD, "func": "f", "args": (WORD,), "kwargs": {}}
        OrmQ.objects.create(key=WORD, payload=SignedPackage.dumps(message))

    def _user(self, actor: Actor) -> User:
        user = User.objects.create(
            username=actor.name, is_staff=actor.is_staff, is_superuser=actor.is_superuser
        )
        for tenant, role in ((self.here, actor.here), (self.elsewhere, actor.elsewhere)):
            if role:
                Membership.objects.create(user=user, tenant=tenant, role=role)
        if actor.is_staff and not actor.is_superuser:
            user.user_permissions.set(Permission.objects.all())
        return user

    def _log_in(self, actor: Actor) -> str:
        self._client.cookies.clear()
        if not actor.is_anonymous:
            self._client.force_login(self.users[actor])
        return self._client.cookies.output(header="")

    def row(self, name: str) -> Any:
        """Return the tenant's row for a plural as used in URLs."""
        if name in self.rows:
            return self.rows[name]
        plurals = {str(m._meta.verbose_name_plural): m for m in admin.site._registry}
        return self.sample(plurals[name]) if name in plurals else None

    def sample(self, model: type[Model]) -> Model:
        """Return a row of a model: the tenant's, or any."""
        rows = model._default_manager.all()
        if model is User:
            return self.rows["owner"]
        try:
            rows = rows.filter(**{tenant_path(model): self.here.pk})
        except FieldError:
            rows = rows.order_by("pk")
        row: Model | None = rows.first()
        assert row is not None, f"Create a row of {model.__name__} in tests/access/world.py."
        return row

    def request(
        self,
        actor: Actor,
        method: str,
        url: str,
        data: Any = None,
        *,
        compare_rows: bool = False,
        **more: Any,
    ) -> Answer:
        """Make a request and undo its changes; return the result."""
        self._client.cookies = SimpleCookie(self._cookies[actor])
        written: set[str] = set()
        with undone():
            with connection.execute_wrapper(_spy(written)):
                response = getattr(self._client, method)(url, data, **more)
                answer = Answer(response.status_code, text_of(response), response)
            answer.written = written - HARMLESS
            answer.changed_here = compare_rows and self._rows_of_tenant() != self._rows_before
            return answer

    def _rows_of_tenant(self) -> list[Any]:
        """Return all rows of the tenant that a page could have changed."""
        models = [model for model in admin.site._registry if _is_of_tenant(model)]
        own = [m._default_manager.filter(**{tenant_path(m): self.here.pk}) for m in models]
        return [list(rows.order_by("pk").values()) for rows in own]


def _is_of_tenant(model: type[Model]) -> bool:
    if model._meta.db_table in PREFERENCES:
        return False
    return hasattr(model, "TENANT_PATH") or any(f.name == "tenant" for f in model._meta.fields)


@contextmanager
def undone() -> Iterator[None]:
    """Undo all changes made inside the block."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _spy(written: set[str]) -> Any:
    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        match = CHANGE.match(sql)
        # SQLite counts the rows of a RETURNING statement only once they are fetched.
        if match and (context["cursor"].rowcount or "RETURNING" in sql):
            written.add(match[1])
        return result

    return note


def text_of(response: HttpResponseBase) -> str:
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    headers = " ".join(response.headers.values())
    return f"{headers}\n{content.decode()}"
