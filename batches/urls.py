"""Addresses of what was asked: batches, jobs, and the first page."""

from django.urls import path

from batches.lists import BATCHES, JOBS
from batches.views import (
    batch_tabs,
    batches,
    console,
    deletion,
    downloads,
    exports,
    jobs,
    schedules,
    search,
    transitions,
    view_exports,
)
from scans.lists import DOMAINS
from scans.views.bulk import selected
from scrapersky.web.lists.views import list_urls

urlpatterns = [
    path("", console.home, name="home"),
    path("exports/", exports.export_list, name="export_list"),
    path("exports/rows/", exports.export_rows, name="export_rows"),
    path("exports/new/<slug:name>/", exports.export_create, name="export_create"),
    path("exports/list/<slug:name>/", exports.list_export, name="list_export"),
    path("exports/<uuid:pk>/download/", exports.export_download, name="export_download"),
    path("exports/<uuid:pk>/cancel/", exports.export_cancel, name="export_cancel"),
    path("exports/views/<uuid:pk>/", view_exports.view_exports_page, name="view_exports"),
    path("exports/views/<uuid:pk>/file/", view_exports.view_export, name="view_export"),
    path("exports/views/<uuid:pk>/baseline/", view_exports.view_baseline, name="view_baseline"),
    path("search/", search.search, name="search"),
    path("live/", console.home_live, name="home_live"),
    path("batches/", batches.batch_list, name="batch_list"),
    *list_urls(BATCHES, "batches/"),
    *list_urls(JOBS, "jobs/"),
    path("batches/new/", batches.batch_create, name="batch_create"),
    path("batches/demo/", batches.batch_demo, name="batch_demo"),
    path("batches/<uuid:pk>/", batch_tabs.batch_detail, name="batch_detail"),
    path("batches/<uuid:pk>/progress/", batch_tabs.batch_progress, name="batch_progress"),
    path("batches/<uuid:pk>/jobs/", batch_tabs.batch_jobs, name="batch_jobs"),
    path("batches/<uuid:pk>/failures/", batch_tabs.batch_failures, name="batch_failures"),
    path(
        "batches/<uuid:pk>/failures/live/",
        batch_tabs.batch_failures_live,
        name="batch_failures_live",
    ),
    path("batches/<uuid:pk>/activity/", batch_tabs.batch_activity, name="batch_activity"),
    path(
        "batches/<uuid:pk>/activity/live/",
        batch_tabs.batch_activity_live,
        name="batch_activity_live",
    ),
    path("batches/<uuid:pk>/settings/", batch_tabs.batch_settings, name="batch_settings"),
    path("batches/<uuid:pk>/rename/", batch_tabs.batch_rename, name="batch_rename"),
    path("batches/<uuid:pk>/results.csv", downloads.batch_csv, name="batch_csv"),
    path("batches/<uuid:pk>/results.json", downloads.batch_json, name="batch_json"),
    path("batches/<uuid:pk>/cancel/", transitions.batch_cancel, name="batch_cancel"),
    path("batches/<uuid:pk>/pause/", transitions.batch_pause, name="batch_pause"),
    path("batches/<uuid:pk>/resume/", transitions.batch_resume, name="batch_resume"),
    path("batches/<uuid:pk>/retry/", transitions.batch_retry, name="batch_retry"),
    path("batches/<uuid:pk>/delete/", deletion.batch_delete, name="batch_delete"),
    path("batches/<uuid:pk>/rerun/", transitions.batch_rerun, name="batch_rerun"),
    path("jobs/<uuid:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<uuid:pk>/retry/", transitions.job_retry, name="job_retry"),
    path("jobs/<uuid:pk>/cancel/", transitions.job_cancel, name="job_cancel"),
    path("domains/scan/", selected(DOMAINS, "scan"), name="domain_scan_chosen"),
    path("domains/delete/", selected(DOMAINS, "delete"), name="domain_delete_chosen"),
    path("domains/<uuid:pk>/scan/", jobs.domain_scan, name="domain_scan"),
    path("schedules/", schedules.schedule_list, name="schedule_list"),
    path("schedules/new/", schedules.schedule_create, name="schedule_create"),
    path("schedules/<uuid:pk>/", schedules.schedule_detail, name="schedule_detail"),
    path("schedules/<uuid:pk>/toggle/", schedules.schedule_toggle, name="schedule_toggle"),
    path("schedules/<uuid:pk>/run/", schedules.schedule_run, name="schedule_run"),
    path("schedules/<uuid:pk>/delete/", schedules.schedule_delete, name="schedule_delete"),
]
