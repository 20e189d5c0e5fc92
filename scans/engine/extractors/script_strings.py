"""Evaluate strings that a script assembles: `"kont" + "akt" + "@" + host`.

It supports only the expressions used to hide addresses: string literals, variables, `+`, arrays,
and a few methods. Anything else becomes `UNKNOWN`, which cannot be part of an address. Linear: each
token is read a bounded number of times.
"""

import base64
import binascii
import html as html_entities
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

UNKNOWN = "\x00"
MAX_TOKENS = 4_000
MAX_DEPTH = 20
MAX_LENGTH = 5_000
"""Characters of one string that is put together."""

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)
    |(?P<string>(?:"(?:[^"\\\n]|\\(?s:.))*+|'(?:[^'\\\n]|\\(?s:.))*+)(?:["'\\]|(?=\n)|\Z))
    |(?P<template>`(?:[^`\\]|\\(?s:.))*+(?:[`\\]|\Z))
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>0[xX][0-9a-fA-F]+|\d+)
    |(?P<sign>\+=|\+\+|[<>!=]=+|=>|.)""",
    re.VERBOSE,
)
_REGEX = re.compile(r"/((?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,80}+\]){1,200}+)/[a-z]*")
_BEFORE_REGEX = frozenset("(,=:[!&|?{};+")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
_BLANKS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " ", "v": " ", "0": " ", "\n": ""}
_SUBSTITUTION = re.compile(r"\$\{\s*([^{}]{0,100})\s*\}")
_LITERAL = re.compile(r"([\"'])([^\"'\\]*)\1\s*")
_LAST_NAME = re.compile(r"([A-Za-z_$][\w$]*)\s*\Z")

_Value = str | list[str]


def assembled_strings(script: str) -> Iterator[str]:
    """Yield the distinct strings that a script assembles, with entities decoded.

    Their total length is limited to slightly more than the script's.
    """
    left = 2 * len(script) + MAX_LENGTH
    seen: set[str] = set()
    for text in _Reader(_tokens(script)).strings():
        if text not in seen and len(text) < left:
            seen.add(text)
            left -= len(text)
            yield html_entities.unescape(text)


def _tokens(script: str) -> list[tuple[str, str]]:
    """Return (kind, text) of the tokens, with strings and regular expressions decoded."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(script) and len(tokens) < MAX_TOKENS:
        if script[position] == "/" and (not tokens or tokens[-1][1][-1:] in _BEFORE_REGEX):
            regex = _REGEX.match(script, position)
            if regex:
                tokens.append(("regex", re.sub(r"\\(\W)", r"\1", regex[1])))
                position = regex.end()
                continue
        token = _TOKEN.match(script, position)
        if token is None:
            break
        position = token.end()
        if token.lastgroup:
            tokens.append((token.lastgroup, _decoded(token.lastgroup, token[0])))
    return tokens


def _decoded(kind: str, text: str) -> str:
    if kind != "string":
        return text
    return _ESCAPE.sub(_unescaped, text[1:].removesuffix(text[0]))


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2] or escape[3]
    if not code:
        return _BLANKS.get(escape[4], escape[4])
    number = int(code, 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else UNKNOWN


class _Reader:
    """Evaluates the expressions of a script from its tokens, remembering variables."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0
        self._parts = 0
        self._names: dict[str, _Value] = {}
        self._assembled: set[str] = set()
        self._written: list[str] = []

    def strings(self) -> Iterator[str]:
        while self._at < len(self._tokens) - 1:
            yield from self._statement()
        yield "".join(self._written)
        yield from (_joined(self._names[name]) for name in self._assembled)

    def _statement(self) -> Iterator[str]:
        """Read an assignment or an expression; skip one token otherwise."""
        kind, text = self._tokens[self._at]
        sign = self._tokens[self._at + 1][1]
        if kind in ("name", "string") and sign in ("=", "+=", ":"):
            self._at += 2
            yield from self._assign(text, sign)
        elif kind in ("string", "template", "name") or text == "[":
            writes = self._writes()
            value = self._expression(0)
            if self._parts > 1:
                yield _joined(value)
            if writes:
                self._written.append(_joined(value))
        else:
            self._at += 1

    def _assign(self, name: str, sign: str) -> Iterator[str]:
        """Assign a variable; yield its previous value if that was assembled."""
        before = self._at
        value = self._expression(0)
        if self._at == before:
            return
        if sign == "+=":
            value = (_joined(self._names.get(name, "")) + _joined(value))[:MAX_LENGTH]
        elif name in self._assembled:
            yield _joined(self._names[name])
            self._assembled.discard(name)
        self._names[name] = value
        if sign == "+=" or self._parts > 1:
            self._assembled.add(name)

    def _writes(self) -> bool:
        """Return whether the expression here is an argument of document.write()."""
        return self._at > 1 and self._tokens[self._at - 2][1] in ("write", "writeln")

    def _expression(self, depth: int) -> _Value:
        """Read terms joined by `+`; their number is stored in `_parts`."""
        self._parts = 0
        value = self._term(depth)
        parts = self._parts + 1
        while self._tokens[self._at][1] == "+" and self._tokens[self._at][0] == "sign":
            self._at += 1
            term = self._term(depth)
            value = (_joined(value) + _joined(term))[:MAX_LENGTH]
            parts += 1
        self._parts = parts
        return value

    def _term(self, depth: int) -> _Value:
        kind, text = self._tokens[self._at]
        if text == "new" and kind == "name":
            self._at += 1
            kind, text = self._tokens[self._at]
        if depth > MAX_DEPTH or kind == "end" or (kind == "sign" and text not in "(["):
            return UNKNOWN
        self._at += 1
        value: _Value = UNKNOWN
        if kind in ("string", "regex", "number"):
            value = text
        elif kind == "template":
            value = self._filled(text[1:-1])
        elif kind == "name":
            value = self._called(text, depth)
        elif text == "[":
            value = self._arguments("]", depth)
        elif text == "(":
            value = _joined(self._arguments(")", depth))
        return self._with_methods(value, depth)

    def _filled(self, template: str) -> str:
        """Substitute variables in a template literal."""

        def fill(substitution: re.Match[str]) -> str:
            if literal := _LITERAL.fullmatch(substitution[1]):
                return literal[2]
            name = _LAST_NAME.search(substitution[1])
            return _joined(self._names.get(name[1], UNKNOWN)) if name else UNKNOWN

        filled = _SUBSTITUTION.sub(fill, template)
        self._parts += filled != template
        return _ESCAPE.sub(_unescaped, filled)[:MAX_LENGTH]

    def _called(self, name: str, depth: int) -> _Value:
        """Return the value of a variable, or of a call of a function with this name."""
        if self._tokens[self._at][1] != "(" or self._tokens[self._at][0] != "sign":
            return self._names.get(name, UNKNOWN)
        decode = _FUNCTIONS.get(name)
        if decode is None:
            return UNKNOWN
        self._at += 1
        value = decode(self._arguments(")", depth))
        self._parts += 1
        return value

    def _arguments(self, closing: str, depth: int) -> list[str]:
        """Read comma-separated expressions up to a closing bracket, which is skipped."""
        values: list[str] = []
        while True:
            before = self._at
            values.append(_joined(self._expression(depth + 1)))
            text = self._tokens[self._at][1]
            if self._at == before and text not in (",", closing):
                return values
            if text == closing or self._tokens[self._at][0] == "end":
                self._at += text == closing
                return values
            if text != ",":
                return values
            self._at += 1

    def _with_methods(self, value: _Value, depth: int) -> _Value:
        """Apply `.join("")`, `[0]` etc.; properties are identified by name only."""
        while True:
            sign = self._tokens[self._at]
            following = self._tokens[self._at + 1] if sign[0] != "end" else sign
            if sign == ("sign", ".") and following[0] == "name":
                self._at += 2
                value = self._property(value, following[1], depth)
            elif sign == ("sign", "[") and following[0] in ("number", "string"):
                self._at += 2
                self._at += self._tokens[self._at][1] == "]"
                value = self._element(value, *following)
            else:
                return value

    def _property(self, value: _Value, name: str, depth: int) -> _Value:
        if self._tokens[self._at][1] != "(":
            return self._names.get(name, UNKNOWN)
        if name in _FUNCTIONS:
            return self._called(name, depth)
        if name not in _METHODS:
            return UNKNOWN
        self._at += 1
        arguments = self._arguments(")", depth)
        self._parts += 1
        return _METHODS[name](value, arguments)

    def _element(self, value: _Value, kind: str, text: str) -> str:
        if kind == "string":
            return _joined(self._names.get(text, UNKNOWN))
        index = int(text, 0) if text.isdigit() else MAX_LENGTH
        return value[index] if index < len(value) else UNKNOWN


def _joined(value: _Value) -> str:
    return value if isinstance(value, str) else ",".join(value)[:MAX_LENGTH]


def _from_codes(codes: list[str]) -> str:
    numbers = (
        int(code, 0) if re.fullmatch(r"0x[\da-f]+|[1-9]\d*", code, re.I) else 0 for code in codes
    )
    return "".join(chr(number) if 0 < number < 0xD800 else UNKNOWN for number in numbers)


def _from_base64(arguments: list[str]) -> str:
    try:
        return base64.b64decode(arguments[0] + "==").decode("utf-8")
    except (binascii.Error, ValueError):
        return UNKNOWN


def _unquoted(arguments: list[str]) -> str:
    return unquote(arguments[0])


def _split(value: _Value, arguments: list[str]) -> _Value:
    text = _joined(value)
    return text.split(arguments[0])[:MAX_LENGTH] if arguments[0] else list(text)


def _reverse(value: _Value, arguments: list[str]) -> _Value:
    return value[::-1]


def _join(value: _Value, arguments: list[str]) -> _Value:
    separator = "," if arguments == [UNKNOWN] else arguments[0]
    return separator.join(value)[:MAX_LENGTH] if isinstance(value, list) else value


def _concat(value: _Value, arguments: list[str]) -> _Value:
    return [*value, *arguments] if isinstance(value, list) else value + "".join(arguments)


def _replace(value: _Value, arguments: list[str]) -> _Value:
    if len(arguments) != 2 or not arguments[0] or UNKNOWN in arguments[0]:
        return UNKNOWN
    old, new = arguments
    return _joined(value).replace(old, new)[:MAX_LENGTH]


def _same(value: _Value, arguments: list[str]) -> _Value:
    return value


def _array(arguments: list[str]) -> _Value:
    return arguments


_FUNCTIONS: dict[str, Callable[[list[str]], _Value]] = {
    "Array": _array,
    "fromCharCode": _from_codes,
    "fromCodePoint": _from_codes,
    "unescape": _unquoted,
    "decodeURIComponent": _unquoted,
    "decodeURI": _unquoted,
    "atob": _from_base64,
}
_METHODS = {
    "split": _split,
    "reverse": _reverse,
    "join": _join,
    "concat": _concat,
    "replace": _replace,
    "replaceAll": _replace,
    "toString": _same,
    "toLowerCase": _same,
    "trim": _same,
}
