"""Stress-test the engine's guarantees: `python -m tests.chaos [SCENARIO ...]`.

Runs the scenarios of tests/concurrency on their own PostgreSQL server. Prints the measurements and
the final audit of each; exits with 1 if a guarantee was violated.
"""
