"""Twelve small web sites on loopback, for trying the whole product without internet access.

Independent of Django. `catalogue` lists the sites and their expected results, `server` serves them,
`python -m scans.demo` does so on sockets it inherits.
"""
