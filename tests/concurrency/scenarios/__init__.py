"""The scenarios: the tests run them small, `make chaos` runs them large.

Each asserts a guarantee and returns its figures, including the final account.
"""
