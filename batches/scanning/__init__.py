"""Scan claimed jobs in processes of their own, without the database.

`Pool` in `pool` is the entry point: a thread that keeps the processes (`processes`, `child`) busy
with jobs that wait (`waiting`), within the limit for each server (`addresses`). `messages` defines
the values that go in and out.
"""
