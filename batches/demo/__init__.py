"""The demo: the twelve demo sites scanned as a batch by the real worker, in one command.

`python -m batches.demo` needs no internet, keeps a database of its own that is gone afterwards,
and leaves no process behind.
"""
