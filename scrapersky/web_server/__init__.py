"""The console's web server: waitress, with limits that anonymous clients cannot get around.

waitress reads requests outside of its threads, so slow clients occupy none.

This package adds a deadline for the whole request that is not extended by further bytes, body
limits decided from the request line and headers, and a connection limit at which the
longest-waiting client is dropped. `parser` limits a request, `channel` a connection, and `server`
all connections; `permission` decides whether a client may upload, and `refusal` has the responses
to refused clients.
"""
