"""Run the console, the worker and its schedules as one group: `manage.py up`.

Each part is its own process group. `Supervisor` starts them, restarts any that die or hang, and
ends them all; `guardian` is a second process that ends them if the supervisor itself is killed;
`preparation` sets up a first start.
"""
