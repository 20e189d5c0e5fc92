"""Addresses of what was asked: batches, jobs, and the first page."""

from django.urls import path

from batches.views import batches, console, downloads, jobs

urlpatterns = [
    path("", console.home, name="home"),
    path("live/", console.home_live, name="home_live"),
    path("batches/", batches.batch_list, name="batch_list"),
    path("batches/new/", batches.batch_create, name="batch_create"),
    path("batches/demo/", batches.batch_demo, name="batch_demo"),
    path("batches/<uuid:pk>/", batches.batch_detail, name="batch_detail"),
    path("batches/<uuid:pk>/progress/", batches.batch_progress, name="batch_progress"),
    path("batches/<uuid:pk>/jobs/", jobs.batch_jobs, name="batch_jobs"),
    path("batches/<uuid:pk>/results.csv", downloads.batch_csv, name="batch_csv"),
    path("batches/<uuid:pk>/results.json", downloads.batch_json, name="batch_json"),
    path("jobs/<uuid:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("domains/<uuid:pk>/scan/", jobs.domain_scan, name="domain_scan"),
]
