"""Recognise the technologies of a site by the signatures in `signatures/*.toml`.

To add a technology, edit one of those files; `loader` checks them, and the tests run the positive
and negative example of every signature.
"""
