"""The console's web server: waitress, with limits that anonymous clients cannot get around.

waitress reads requests outside its threads, so that slow clients hold none. What it lacks is added
here: a deadline for the whole request that no byte renews, body limits decided from the request
line and headers, and a connection limit at which the longest waiting client makes room.

`parser` limits one request, `channel` one connection, `server` all connections together;
`permission` asks whether a client may upload, `refusal` is what refused clients read.
"""
