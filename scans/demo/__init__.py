"""Twelve small web sites on loopback, to see the whole product at work with no internet.

Free of Django. `catalogue` says what each site is and what a scan should make of it, `server`
serves them, `python -m scans.demo` does so on sockets it inherits.
"""
