"""The one place where what requests, urllib3 and the system raise becomes a ScanError."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead

import requests
import urllib3.exceptions

from scans.engine.errors import FailureReason, ScanError


class ConnectionDroppedError(ScanError):
    """The server closed a connection that it had accepted; asking once more may help."""

    def __init__(self, sentence: str) -> None:
        super().__init__(FailureReason.CONNECTION_REFUSED, sentence)


def translate(error: Exception, host: str, read_timeout: float) -> ScanError:
    """Return the ScanError for a failed request."""
    causes = list(_causes(error))
    if cause := _first(causes, ssl.SSLCertVerificationError):
        reason = getattr(cause, "verify_message", "") or str(cause)
        return ScanError(
            FailureReason.TLS_ERROR, f"The certificate of {host} is not valid: {reason}."
        )
    if _first(causes, TimeoutError) or _first(causes, urllib3.exceptions.ReadTimeoutError):
        sentence = f"{host} accepted the connection but sent nothing for {read_timeout:g} s."
        return ScanError(FailureReason.READ_TIMEOUT, sentence)
    if cause := _first(causes, ssl.SSLError):
        return ScanError(
            FailureReason.TLS_ERROR, f"No TLS connection to {host}: {_tls_words(cause)}."
        )
    return _unreadable(causes, host)


def _unreadable(causes: list[BaseException], host: str) -> ScanError:
    if _first(causes, requests.exceptions.InvalidURL, UnicodeError, ValueError):
        sentence = f"{host} redirects to an address that cannot be read."
        return ScanError(FailureReason.HTTP_ERROR, sentence)
    if _first(causes, urllib3.exceptions.DecodeError):
        sentence = f"The answer of {host} is packed in a way that cannot be unpacked."
        return ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence)
    if _first(causes, OSError, EOFError) and _first(causes, ConnectionError, EOFError):
        return ConnectionDroppedError(f"{host} closed the connection without an answer.")
    if _first(causes, IncompleteRead):
        return ConnectionDroppedError(f"{host} closed the connection before its answer ended.")
    if cause := _first(causes, HTTPException, urllib3.exceptions.HTTPError):
        words = str(cause)[:120] or type(cause).__name__
        sentence = f"The answer of {host} cannot be read as HTTP ({words})."
        return ScanError(FailureReason.HTTP_ERROR, sentence)
    return ConnectionDroppedError(f"{host} broke the connection off.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it wraps, by `from`, by context, by `reason` and in `args`."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting.extend(inner)


def _first(causes: list[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)


def _tls_words(cause: BaseException) -> str:
    words = getattr(cause, "reason", None) or type(cause).__name__
    return str(words).replace("_", " ").lower()
