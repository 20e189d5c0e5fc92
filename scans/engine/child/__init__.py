"""A scanning process: JSON lines in on stdin, framed reports out on stdout.

Run as `python -m scans.engine.child`. In: one `settings` line, then `scan` and `cancel` lines. Out:
frames of a header line `<kind> <job> <bytes>` and that many bytes of JSON; kinds are `ready`,
`resolved`, `stage`, `report` and `failure`. A scan with `asks` sends its addresses in a `resolved`
frame before it connects to them, and waits: `go` continues it, `back` ends it without a further
frame. Every other scan ends in exactly one report or failure. The process ends at once when its
input closes.
"""
