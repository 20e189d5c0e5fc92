"""The demo: scan the twelve demo sites as a batch with the real worker, in one command.

`python -m batches.demo` needs no internet, uses a temporary database and leaves no process behind.
"""
