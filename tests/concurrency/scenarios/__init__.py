"""The scenarios: the tests run them small, `make chaos` runs them large.

Each asserts what was promised and returns the figures it measured, the final account among them.
"""
