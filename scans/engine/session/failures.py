"""Translate errors of requests, urllib3 and the system into ScanErrors, in one place."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException

import urllib3.exceptions

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.responses import BrokenChunkError


class ConnectionDroppedError(ScanError):
    """The server closed an accepted connection; a retry may help."""

    def __init__(self, sentence: str) -> None:
        super().__init__(FailureReason.CONNECTION_REFUSED, sentence)


class IncompleteBodyError(ConnectionDroppedError):
    """The server truncated its response; the received part may still be a page."""


def translate(error: Exception, host: str, read_timeout: float, answered: bool) -> ScanError:
    """Return the ScanError for a failed request; `answered` says whether headers were received."""
    causes = list(_causes(error))
    if cause := _first(causes, ssl.SSLCertVerificationError):
        reason = getattr(cause, "verify_message", "") or str(cause)
        return ScanError(
            FailureReason.TLS_ERROR, f"The certificate of {host} is not valid: {reason}."
        )
    if _first(causes, TimeoutError) or _first(causes, urllib3.exceptions.ReadTimeoutError):
        problem = "stopped sending" if answered else "accepted the connection but sent nothing"
        sentence = f"{host} {problem} for {read_timeout:g} s."
        return ScanError(FailureReason.READ_TIMEOUT, sentence)
    if _first(causes, urllib3.exceptions.DecodeError):
        sentence = f"The response of {host} cannot be decompressed."
        return ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence)
    return _broken_off(causes, host) if answered else _unanswered(causes, host)


def _broken_off(causes: list[BaseException], host: str) -> ScanError:
    """Return why a body broke off."""
    if cause := _first(causes, BrokenChunkError):
        return IncompleteBodyError(f"The response of {host} is not chunked as declared: {cause}.")
    if cause := _first(causes, ssl.SSLError):
        sentence = f"The TLS connection to {host} broke while its response was read: "
        return IncompleteBodyError(f"{sentence}{_tls_reason(cause)}.")
    return IncompleteBodyError(f"{host} closed the connection before its response ended.")


def _unanswered(causes: list[BaseException], host: str) -> ScanError:
    """Return why there is no response."""
    if cause := _first(causes, ssl.SSLError):
        return ScanError(
            FailureReason.TLS_ERROR, f"No TLS connection to {host}: {_tls_reason(cause)}."
        )
    if _first(causes, ConnectionError, EOFError):
        return ConnectionDroppedError(f"{host} closed the connection without a response.")
    if cause := _first(causes, HTTPException):
        reason = str(cause)[:120] or type(cause).__name__
        sentence = f"The response of {host} cannot be read as HTTP ({reason})."
        return ScanError(FailureReason.HTTP_ERROR, sentence)
    if _first(causes, OSError):
        return ConnectionDroppedError(f"{host} reset the connection.")
    sentence = f"{host} cannot be requested ({type(causes[0]).__name__})."
    return ScanError(FailureReason.HTTP_ERROR, sentence)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything it wraps: causes, contexts, `reason` and `args`."""
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


def _tls_reason(cause: BaseException) -> str:
    reason = getattr(cause, "reason", None) or type(cause).__name__
    return str(reason).replace("_", " ").lower()
