"""No text that comes in by any path is a server error, and all of it can be stored and shown.

The addresses are found through the URL resolver, the forms by the fields of their pages, the
commands by name. Each runs on both databases.
"""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db.models import CharField, JSONField, TextField
from django.test import Client
from django.urls import URLResolver, get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.models import Batch
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.outcomes import complete
from scans.models import Domain
from scrapersky.api import api
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant, User
from scrapersky.web.text import sanitize

pytestmark = pytest.mark.django_db
SURROGATE = "\ud800"
NASTY = [
    "\x00",
    "a\x00b",
    "\x1b[2J\r\n",
    "\u202e\ufeff\u2028",
    "x" * 10_000,
    "'\"<>%_\\",
    "-1",
    "9" * 40,
]
# Those that a form refuses for different reasons.
NASTY_IN_EVERY_FIELD = ["a\x00b", "x" * 10_000, "-1", "9" * 40]
# What a query or a form may hold as bytes, which need not be UTF-8.
NASTY_BYTES = [text.encode() for text in NASTY] + [b"\xed\xa0\x80", b"\xff\xfe", b"\xc3"]
ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
ANY_TEXT = st.text(ANY_CHARACTER | st.sampled_from("\x00\ud800\udfff\x1b\u202e"), max_size=30)
for_examples = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route.replace("^", "").replace("$", "")


# They read no parameters, or end the session that the others need.
UNINTERESTING = ("logout", "admin/logout", "static", "api/v3/docs", "api/v3/openapi")
PAGES = sorted(
    f"/{route}"
    for route in set(routes(get_resolver()))
    if not re.search(r"[<(\\]", route) and not route.startswith(UNINTERESTING)
)
API_DOCUMENT = api.get_openapi_schema()
API_LISTS = [
    (path, [each["name"] for each in operations["get"].get("parameters", [])])
    for path, operations in API_DOCUMENT["paths"].items()
    if "get" in operations and "{" not in path
]


@pytest.fixture
def boss(default_tenant: Tenant) -> Client:
    """Return a browser in which a superuser is logged in, who may open every page."""
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("boss", "boss@example.com", "secret"))
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    complete(batch.jobs.get())
    return client


def assert_answered(response: Any, *where: object) -> None:
    if getattr(response, "streaming", False):
        b"".join(response.streaming_content)
    may_be_ill = "health" in str(where)
    assert response.status_code < 500 or may_be_ill, (response.status_code, *where)


# Queries


def parameters_of(page: str) -> list[str]:
    """Return the parameters that a page reads."""
    if not page.startswith("/admin/"):
        return ["q", "page", "sort", "columns", "status", "next", "unknown"]
    names = ["q", "p", "o", "unknown"]
    for model in apps.get_models():
        if page.endswith(f"/{model._meta.app_label}/{model._meta.model_name}/"):
            for field in one_of_each_class(model._meta.concrete_fields):
                names += [field.name, f"{field.name}__exact", f"{field.name}__in"]
                names += [f"{field.name}__isnull", f"{field.name}__gte", f"{field.name}__icontains"]
                if field.is_relation:
                    names += [f"{field.name}__id__exact", f"{field.name}__name"]
    return names


def one_of_each_class(fields: Any) -> list[Any]:
    """Return the first field of each class: the admin filters all fields of a class alike."""
    return list({type(field): field for field in reversed(fields)}.values())


@pytest.mark.parametrize("page", PAGES)
def test_no_query_of_any_page_is_a_server_error(boss: Client, page: str) -> None:
    if boss.get(page).status_code == 405:
        return
    for name in parameters_of(page):
        url = f"{page}?{name}=%00"
        assert_answered(boss.get(url), url)
    # The admin reads nothing else once it has refused a parameter; the console reads them all.
    names = ("q",) if page.startswith("/admin/") else ("q", "page", "sort", "status", "{}")
    for value in [quote(nasty) for nasty in NASTY_BYTES]:
        query = "&".join(f"{name.format(value)}={value}" for name in names)
        assert_answered(boss.get(f"{page}?{query}"), page, value)


@pytest.mark.parametrize("page", ["/admin/scans/domain/", "/admin/scans/domain/add/"])
def test_no_name_of_a_parameter_is_a_server_error_in_the_admin(boss: Client, page: str) -> None:
    for value in [quote(nasty) for nasty in NASTY_BYTES]:
        assert_answered(boss.get(f"{page}?{value}={value}"), page, value)


@pytest.mark.parametrize(("path", "names"), API_LISTS)
def test_no_query_of_the_api_is_a_server_error(user: User, path: str, names: list[str]) -> None:
    program = program_of(user)
    program.raise_request_exception = False
    for name in [*names, "unknown"]:
        for value in NASTY_BYTES:
            url = f"{path}?{name}={quote(value)}"
            assert_answered(program.get(url), url)


@pytest.mark.parametrize("value", ["%00", "%ED%A0%80", "x" * 3_000])
def test_no_path_is_a_server_error(boss: Client, user: User, value: str) -> None:
    program = program_of(user)
    program.raise_request_exception = False
    for route in set(routes(get_resolver())):
        if "<" in route:
            path = "/" + re.sub(r"<[^>]+>", value, route)
            assert_answered(boss.get(path), path)
            assert_answered(boss.post(path), path)
            assert_answered(program.get(path), path)


# Forms


def fields_of(html: str) -> dict[str, str]:
    """Return the names of a page's fields and what they hold."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<(?:input|select|textarea|button)\b[^>]*>", html):
        name = re.search(r'\bname="([^"]+)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        if name:
            fields.setdefault(name[1], value[1] if value else "")
    return fields


@pytest.mark.parametrize("page", PAGES)
def test_no_form_is_a_server_error_and_pages_show_what_it_stored(boss: Client, page: str) -> None:
    response = boss.get(page)
    if response.status_code != 200 or "text/html" not in response["Content-Type"]:
        return
    fields = fields_of(response.content.decode())
    for value in [*NASTY, "10", "a.example"]:
        filled = {name: kept or value for name, kept in fields.items()}
        assert_answered(boss.post(page, filled), page, value)
    for value in NASTY_IN_EVERY_FIELD:
        assert_answered(boss.post(page, dict.fromkeys(fields, value)), page, value)
    assert_answered(boss.get(page), page)


@pytest.mark.parametrize("field", ["username", "password", "next"])
@pytest.mark.parametrize("value", [*NASTY, SURROGATE.encode("utf-8", "surrogatepass")])
def test_no_login_is_a_server_error(db: None, field: str, value: Any) -> None:
    client = Client(raise_request_exception=False)
    sent = {"username": "somebody", "password": "secret", "next": "/"} | {field: value}
    for url in ("/login/", "/admin/login/"):
        assert_answered(client.post(url, sent), url)


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "other"])
@pytest.mark.parametrize("value", [r'"\000"', r'"a\000b"', r'"\355\240\200"', "x" * 5_000])
def test_no_cookie_is_a_server_error(db: None, name: str, value: str) -> None:
    client = Client(raise_request_exception=False, HTTP_COOKIE=f"{name}={value}")
    for page in ("/", "/login/", "/batches/", "/api/v3/batches"):
        assert_answered(client.get(page, HTTP_COOKIE=f"{name}={value}"), page)


@pytest.mark.parametrize("value", [*NASTY, "\udcff"])
def test_no_header_is_a_server_error(boss: Client, value: str) -> None:
    names = ("HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_HX_CURRENT_URL", "HTTP_ACCEPT_LANGUAGE")
    for page in ("/", "/batches/", "/login/"):
        headers: Any = dict.fromkeys(names, value) | {"HTTP_HX_REQUEST": "true"}
        assert_answered(boss.get(page, **headers), page)
        assert_answered(Client(raise_request_exception=False).get(page, **headers), page)


@for_examples
@given(data=st.binary(max_size=200), name=ANY_TEXT, column=ANY_TEXT)
def test_no_upload_is_a_server_error(boss: Client, data: bytes, name: str, column: str) -> None:
    file = SimpleUploadedFile(f"{sanitize(name)}.csv", b"a.example\n" + data)
    sent = {"file": file, "column": column.encode("utf-8", "surrogatepass"), "name": "x"}
    assert_answered(boss.post("/batches/new/", sent, follow=True))


def test_a_form_sent_to_the_api_is_refused_in_a_sentence(user: User, boss: Client) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)
    client.get("/api/v3/docs")  # sets the cookie
    token = client.cookies["csrftoken"].value
    url = f"/api/v3/batches/{Batch.objects.get().pk}/retry"
    response = client.post(url, {"csrfmiddlewaretoken": token})
    assert response.status_code == 422
    assert "JSON" in response.json()["detail"]


def test_an_action_on_no_visible_row_is_answered(boss: Client) -> None:
    page = "/admin/scans/domain/"
    for action in ("make_batch", "scan_each", "queue_sitemaps", "delete_selected"):
        for chosen in ("01a21428-0000-7000-8000-000000000000", "\x00", "nonsense", ""):
            sent = {"action": action, "_selected_action": chosen}
            assert_answered(boss.post(page, sent, follow=True), action, chosen)


# The API


def bodies(schema: dict[str, Any], value: Any) -> Iterator[Any]:
    """Yield bodies in which each field of a schema holds a text, alone or in a list."""
    names = list(schema.get("properties", {}))
    base = {"domains": ["a.example"], "base_url": "a.example"}
    for name in names:
        for wrapped in (value, [value], {value: value}):
            yield {key: base[key] for key in names if key in base} | {name: wrapped}


@pytest.mark.parametrize("value", [*NASTY, SURROGATE])
def test_no_body_of_the_api_is_a_server_error(user: User, boss: Client, value: str) -> None:
    program = program_of(user)
    program.raise_request_exception = False
    batch = Batch.objects.get()
    for path, operations in API_DOCUMENT["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        schema = (schema.get("anyOf") or [schema])[0]
        reference = schema.get("$ref", "").rpartition("/")[2]
        named = API_DOCUMENT["components"]["schemas"].get(reference, {})
        url = path.replace("{batch_id}", str(batch.pk))
        for body in bodies(named, value):
            sent = json.dumps(body)
            assert_answered(program.post(url, sent, content_type="application/json"), url, body)


@for_examples
@given(texts=st.lists(st.text(max_size=30), min_size=1))
def test_every_rejected_line_is_stored_and_shown(
    user: User, boss: Client, texts: list[str]
) -> None:
    program = program_of(user)
    body = json.dumps({"domains": ["a.example", *texts]})
    url = "/api/v3/batch_page_scraper/batch"
    created = program.post(url, body, content_type="application/json").json()
    assert_answered(boss.get(f"/batches/{created['batch_id']}/"))
    assert program.get(created["status_url"]).status_code == 200


# Services, scans and commands


@for_examples
@given(name=ANY_TEXT, text=ANY_TEXT, key=ANY_TEXT)
def test_any_name_and_metadata_of_a_batch_is_stored_and_shown(
    boss: Client, name: str, text: str, key: str
) -> None:
    batch = create_batch(
        tenant=Tenant.objects.get(pk=DEFAULT_TENANT_ID),
        created_by=None,
        domains=["a.example"],
        name=name,
        metadata={"refused": [{"line": 1, "value": text, "reason": text}], key: float("nan")},
    )
    batch.refresh_from_db()
    assert batch.name == sanitize(name.strip())
    assert batch.metadata["refused"][0]["value"] == sanitize(text)
    assert_answered(boss.get(f"/batches/{batch.pk}/"))
    assert_answered(boss.get(f"/admin/batches/batch/{batch.pk}/change/"))


@for_examples
@given(title=ANY_TEXT, description=ANY_TEXT)
def test_any_text_of_a_site_is_stored_and_shown(boss: Client, title: str, description: str) -> None:
    tenant = Tenant.objects.get(pk=DEFAULT_TENANT_ID)
    host = f"{uuid4().hex}.example"
    job = create_batch(tenant=tenant, created_by=None, domains=[host]).jobs.get()
    complete(job, title=title, description=description)
    domain = Domain.objects.get(host=host)
    assert domain.title == sanitize(title)
    for page in (f"/domains/{domain.pk}/", f"/jobs/{job.pk}/", "/domains/", "/jobs/"):
        assert_answered(boss.get(page), page)


@for_examples
@given(text=ANY_TEXT)
def test_any_argument_of_a_command_is_taken_or_refused(
    default_tenant: Tenant, tmp_path: Any, text: str
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.example\n")
    for arguments in (
        ["create_batch", str(path), f"--name={text[:100]}"],
        ["create_batch", str(path), f"--user={text}"],
        ["create_batch", str(path), f"--column={text}"],
        ["batch", f" {text}", "status"],
        ["create_token", f" {text}"],
    ):
        out = StringIO()
        try:
            call_command(*arguments, stdout=out, stderr=out)
        except CommandError as error:
            out.write(str(error))


def test_every_column_of_text_or_json_takes_only_what_databases_store() -> None:
    text = "a\x00b\ud800"
    fields = [field for model in apps.get_models() for field in model._meta.concrete_fields]
    for field in fields:
        if isinstance(field, CharField | TextField | JSONField):
            value = {text: [text]} if isinstance(field, JSONField) else text
            prepared = json.dumps(field.get_prep_value(value))
            assert "\\u0000" not in prepared, field
            assert "\\ud800" not in prepared, field
