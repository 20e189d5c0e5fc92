"""What one client may take up."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    """Limits of one web server process, in bytes and seconds."""

    body_bytes: int = 1_000_000
    upload_bytes: int = 20_000_000
    header_bytes: int = 32_768
    # Lines of the chunked encoding and its trailer: waitress copies them with every read.
    chunk_line_bytes: int = 4_096
    # For the request line and headers, for the whole request, and for a whole upload.
    header_seconds: float = 15
    request_seconds: float = 30
    upload_seconds: float = 600
    # Without a request on an open connection.
    idle_seconds: float = 15
    # A client must read this much of a response in this time, or all that is left of it.
    drain_bytes: int = 65_536
    drain_seconds: float = 30
    # For how long what a refused client still sends is thrown away, so that it reads the response.
    linger_seconds: float = 10
    connections: int = 512
    # Memory for bodies of requests that are no uploads; a longest waiting client makes room.
    held_bytes: int = 64_000_000
    uploads: int = 16
    threads: int = 8
    shutdown_seconds: float = 2

    @classmethod
    def from_settings(cls) -> "Limits":
        return cls(
            upload_bytes=settings.UPLOAD_MAX_BYTES,
            request_seconds=settings.REQUEST_SECONDS,
            upload_seconds=settings.UPLOAD_SECONDS,
            header_seconds=min(cls.header_seconds, settings.REQUEST_SECONDS),
        )
