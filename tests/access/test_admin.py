"""Every page, form and action of the admin, for every actor."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import CASCADE, Model, QuerySet
from django.forms import BoundField, MultiWidget
from django.urls import reverse

from scrapersky.tenants.admin.access_rows import AccountRowAdmin
from scrapersky.tenants.models import User
from scrapersky.tenants.owned_admin import InstallationAdmin
from scrapersky.tenants.roles import Right, Role
from tests.access.actors import ACTORS, SUPER, Actor
from tests.access.addresses import ADMIN, PARAMETER, patterns
from tests.access.world import Answer, World

pytestmark = pytest.mark.django_db
# Groups belong to no tenant: staff with the permission may change groups whose members they manage
# and whose permissions they have (scrapersky.tenants.accounts).
OWN_APPS = ("tenants", "scans", "batches")
MODELS = pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda m: m.__name__)
ENTERING = [actor for actor in ACTORS if actor.enters_admin]
# No role opens the admin without staff status: of those who have one here, admins may do most.
OUTSIDERS = [a for a in ACTORS if not a.enters_admin and a.here in (None, Role.ADMIN)]


def url_of(model: type[Model], page: str, row: Model | None = None) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=[row.pk] if row else [])


def admin_of(model: type[Model]) -> ModelAdmin:
    return admin.site._registry[model]


def is_installation(model: type[Model]) -> bool:
    return isinstance(admin_of(model), InstallationAdmin)


def pages_of(world: World, model: type[Model]) -> list[str]:
    """Return the URL of every admin page of a model, for the sample row."""
    row = world.sample(model)
    base = url_of(model, "changelist").lstrip("/")
    own = [route for route, _ in patterns() if route.startswith(base)]
    return ["/" + PARAMETER.sub(str(row.pk), route) for route in own]


def form_of(answer: Answer) -> dict[str, Any]:
    """Return the data that a browser would submit for a rendered admin form."""
    context = answer.response.context
    forms = [context["adminform"].form]
    for inline in context.get("inline_admin_formsets", ()):
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    sent: dict[str, Any] = {}
    for field in (field for form in forms for field in form):
        sent |= _sent_by(field)
    return {name: value for name, value in sent.items() if not (value is None or value is False)}


def _sent_by(field: BoundField) -> dict[str, Any]:
    """Return a field's submitted data: a value, the values of its parts, or row ids."""
    widget: Any = field.field.widget
    value, has_parts = field.value(), isinstance(widget, MultiWidget)
    if has_parts:
        names = (f"{field.html_name}{end}" for end in widget.widgets_names)
        return dict(zip(names, widget.decompress(value), strict=True))
    if isinstance(value, list | tuple | QuerySet):
        value = [getattr(item, "pk", item) for item in value]
    return {field.html_name: value}


def check(actor: Actor, answer: Answer, expected: set[int], *, may_write: bool = False) -> None:
    assert answer.status in expected, f"{actor}: {answer.status} instead of {sorted(expected)}"
    if not actor.may(Right.READ):
        assert not answer.tells_the_word, f"{actor} reads it"
    if not may_write:
        assert not answer.written, f"{actor} writes {answer.written}"


def test_every_model_of_the_project_is_in_the_admin() -> None:
    models = {model for label in OWN_APPS for model in apps.get_app_config(label).get_models()}
    assert models <= admin.site._registry.keys()


@MODELS
def test_nobody_without_staff_status_and_a_tenant_enters(world: World, model: type[Model]) -> None:
    for url in pages_of(world, model):
        for actor in OUTSIDERS:
            page, sent = world.request(actor, "get", url), world.request(actor, "post", url)
            told_why = {200} if not (actor.is_anonymous or actor.has_tenant) else {302, 404}
            for answer, expected in ((page, told_why), (sent, {302, 403, 404})):
                check(actor, answer, expected)
                if answer.status == 302:
                    assert answer.response.headers["Location"].startswith(("/admin/", "/login/"))
                assert "adminform" not in (answer.response.context or {})


@MODELS
def test_staff_see_the_rows_of_their_tenants_only(world: World, model: type[Model]) -> None:
    row, right = world.sample(model), Right.ADMIN_READ
    if is_installation(model):
        right = Right.INSTALLATION
    for actor in ENTERING:
        rows = world.request(actor, "get", url_of(model, "changelist"))
        check(actor, rows, {200, 403})
        for page in ("change", "history"):
            answer = world.request(actor, "get", url_of(model, page, row))
            shown = actor.may(right) and _is_shared(actor, row)
            check(actor, answer, {200} if shown else {200, 302, 403, 404})


def _is_shared(actor: Actor, row: Model) -> bool:
    """Return whether a row is shared, unlike the tokens and sessions of an account."""
    return actor.is_superuser or not isinstance(admin_of(type(row)), AccountRowAdmin)


@MODELS
def test_only_those_who_may_write_add_change_and_delete(world: World, model: type[Model]) -> None:
    row, right = world.sample(model), Right.ADMIN_WRITE
    if is_installation(model):
        right = Right.INSTALLATION
    for page, target in (("add", None), ("change", row), ("delete", row)):
        url = url_of(model, page, target)
        form = world.request(SUPER, "get", url)
        check(SUPER, form, {200, 302, 403, 404})
        # All of them send what a superuser may send.
        sent = form_of(form) if "adminform" in (form.response.context or {}) else {}
        for actor in ENTERING:
            # Others may read everything that their form shows.
            if not actor.may(Right.READ):
                check(actor, world.request(actor, "get", url), {200, 302, 403, 404})
            answer = world.request(actor, "post", url, sent | {"post": "yes"})
            # Adding a row in another tenant does not write here.
            may_write = actor.may(right) or (page == "add" and actor.writes_somewhere)
            may_write |= model is Group and actor.writes_somewhere
            check(actor, answer, {200, 302, 403, 404}, may_write=may_write)
            if not may_write and actor.may(Right.READ) and _is_shared(actor, row):
                assert answer.status == 403, f"{actor}: {page} is answered by {answer.status}"


def test_an_account_is_deleted_with_all_that_belongs_to_it(world: World) -> None:
    """No admin class for an account's rows may prevent its deletion."""
    owner, url = world.rows["owner"], url_of(User, "delete", world.rows["owner"])
    kinds = [field.related_model for field in User._meta.related_objects if _goes_along(field)]
    for kind in kinds:
        assert kind._default_manager.filter(**{_owner_field(kind): owner}).exists(), kind.__name__
    assert "tenants_user" in world.request(SUPER, "post", url, {"post": "yes"}).written


def _goes_along(field: Any) -> bool:
    return field.on_delete is CASCADE and field.related_model is not LogEntry


def _owner_field(model: Any) -> str:
    fields = (field for field in model._meta.fields if field.related_model is User)
    return next(field.name for field in fields if _goes_along(field.remote_field))


@MODELS
def test_every_action_takes_those_who_may_write(world: World, model: type[Model]) -> None:
    row, url = world.sample(model), url_of(model, "changelist")
    right = Right.INSTALLATION if is_installation(model) else Right.ADMIN_WRITE
    names = {"delete_selected", *(_name(action) for action in admin_of(model).actions or ())}
    for name in names:
        sent = {"action": name, "_selected_action": [str(row.pk)], "post": "yes"}
        for actor in ENTERING:
            answer = world.request(actor, "post", url, sent)
            may_write = actor.may(right) or (model is Group and actor.writes_somewhere)
            check(actor, answer, {200, 302, 403}, may_write=may_write)


def _name(action: Any) -> str:
    return action if isinstance(action, str) else action.__name__


@MODELS
def test_a_row_of_another_tenant_is_answered_like_one_that_does_not_exist(
    world: World, model: type[Model]
) -> None:
    if is_installation(model) or model is Group:
        return
    row = world.sample(model)
    for actor in (a for a in ENTERING if not a.may(Right.READ)):
        for page in ("change", "delete", "history"):
            there = world.request(actor, "get", url_of(model, page, row))
            row_elsewhere = type(row)(pk="01000000-0000-7000-8000-000000000000")
            nowhere = world.request(actor, "get", url_of(model, page, row_elsewhere))
            assert there.status == nowhere.status
            assert there.response.headers.get("Location") == nowhere.response.headers.get(
                "Location"
            )


def test_no_page_of_the_admin_escapes(world: World) -> None:
    """Every URL below /admin/ is a page of a model above or one of these."""
    models = [url_of(model, "changelist").lstrip("/") for model in admin.site._registry]
    routes = {route for route, _ in patterns() if route.startswith(ADMIN)}
    rest = {route for route in routes if not route.startswith(tuple(models))}
    assert rest == {
        "admin/",
        "admin/login/",
        "admin/logout/",
        "admin/password_change/",
        "admin/password_change/done/",
        "admin/autocomplete/",
        "admin/jsi18n/",
        "admin/r/<path:content_type_id>/<path:object_id>/",
        *(route for route in rest if "(?P" in route),
    }


def test_the_front_page_of_the_admin_names_nothing_that_is_not_the_actors(world: World) -> None:
    for actor in ENTERING:
        answer = world.request(actor, "get", "/admin/")
        check(actor, answer, {200})
        named = {
            row["model"] for app in answer.response.context["app_list"] for row in app["models"]
        }
        hidden = {model for model in admin.site._registry if is_installation(model)}
        assert actor is SUPER or not named & hidden
