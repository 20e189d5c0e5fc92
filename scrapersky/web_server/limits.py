"""The resource limits per client."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    """Limits of one web server process, in bytes and seconds."""

    body_bytes: int = 1_000_000
    upload_bytes: int = 20_000_000
    header_bytes: int = 32_768
    # Chunk headers and trailer, which waitress copies with every read.
    chunk_line_bytes: int = 4_096
    # For the request line and headers, for a whole request, and for a whole upload.
    header_seconds: float = 15
    request_seconds: float = 30
    upload_seconds: float = 600
    # For an open connection without a request.
    idle_seconds: float = 15
    # A client must read this many bytes of a response, or the rest of it, in this time.
    drain_bytes: int = 65_536
    drain_seconds: float = 30
    # How long data from a refused client is discarded so that it can read the response.
    linger_seconds: float = 10
    connections: int = 512
    # Memory for bodies of ordinary requests; the longest-waiting client is dropped beyond it.
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
