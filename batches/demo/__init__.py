"""The demo: the twelve demo sites scanned as a batch by the real worker, in one command.

`python -m batches.demo` needs no internet, uses a temporary database and leaves no process behind.
"""
