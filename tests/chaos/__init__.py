"""The engine's promises under fire, at length: `python -m tests.chaos [SCENARIO ...]`.

The scenarios of tests/concurrency on a PostgreSQL of their own. Prints what was done, what was
measured and the final audit of each; exit code 1 where a promise was broken.
"""
