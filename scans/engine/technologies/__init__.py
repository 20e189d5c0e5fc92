"""Recognise the technologies of a site by the signatures in `signatures/*.toml`.

Adding a technology is editing one of those files; `loader` checks them, and the tests run the
positive and the negative example that every signature carries.
"""

from scans.engine.technologies.detection import detect

__all__ = ["detect"]
