"""Run the console, the worker and its schedules as one group: `manage.py up`.

Each part is a process group of its own. `Supervisor` starts them, restarts one that dies or hangs
and ends them all; `guardian` is a second process that ends them where the supervisor itself was
killed; `preparation` does what a first start needs.
"""
