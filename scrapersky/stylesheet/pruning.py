"""Remove the rules of a stylesheet that no page can match."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

_CLASS_OR_ID = re.compile(r"[.#]((?:[\w-]|\\.)+)")
# Pseudo-classes whose selectors need not match.
_ALTERNATIVES = re.compile(r":(?:not|is|where|has)\([^()]*\)")
_REFERENCE = re.compile(r"var\(\s*(--[\w-]+)")
_DECLARATION = re.compile(
    r"""(?<=[{;])(?P<name>--[\w-]+):(?:"[^"]*"|'[^']*'|[^;{}"'])*(?:;|(?=\}))"""
)
_NESTED = {"media", "supports", "layer", "container"}


class Names(NamedTuple):
    """Names that pages may contain: complete classes and ids, and prefixes of generated ones.

    `variables` are the custom properties, with dashes, referenced in other stylesheets.
    """

    complete: frozenset[str]
    beginnings: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()

    def may_be(self, name: str) -> bool:
        return name in self.complete or name.startswith(self.beginnings)


def prune(css: str, names: Names) -> str:
    """Return the stylesheet without rules that match none of `names`.

    A selector is kept if all of its classes and ids are mentioned, regardless of elements,
    attributes and states. Keyframes and custom properties that are no longer referenced are removed
    too.
    """
    rules = _without_unused_selectors(_parsed(css), names)
    rules = _without_unused_keyframes(rules)
    return _without_unused_variables(_text(rules), names.variables)


def _parsed(css: str) -> list[Node]:
    return list(tinycss2.parse_stylesheet(css, skip_whitespace=True))


def _text(nodes: Iterable[Node]) -> str:
    """Return the rules one per line, for readable diffs."""
    return "".join(f"{node.serialize()}\n" for node in nodes)


def _without_unused_selectors(nodes: Iterable[Node], names: Names) -> list[Node]:
    kept = []
    for node in nodes:
        if isinstance(node, QualifiedRule):
            node.prelude = _used_selectors(node, names)
            if node.prelude and node.content:
                kept.append(node)
        elif isinstance(node, AtRule) and node.lower_at_keyword in _NESTED and node.content:
            inner = tinycss2.parse_rule_list(node.content, skip_whitespace=True)
            node.content = _without_unused_selectors(inner, names)
            if node.content:
                kept.append(node)
        else:
            kept.append(node)
    return kept


def _used_selectors(rule: QualifiedRule, names: Names) -> list[Node]:
    selectors = _split(tinycss2.serialize(rule.prelude))
    used = [selector for selector in selectors if _is_used(selector, names)]
    return list(tinycss2.parse_component_value_list(",".join(used)))


def _split(selectors: str) -> list[str]:
    """Split a selector list at commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(selectors):
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            parts.append(selectors[start:index])
            start = index + 1
    return [*parts, selectors[start:]]


def _is_used(selector: str, names: Names) -> bool:
    mentioned = _CLASS_OR_ID.findall(re.sub(r"\[[^\]]*\]", "", _ALTERNATIVES.sub("", selector)))
    return all(names.may_be(name.replace("\\", "")) for name in mentioned)


def _without_unused_keyframes(nodes: list[Node]) -> list[Node]:
    others = _text(node for node in nodes if not _keyframes_name(node))
    return [node for node in nodes if (_keyframes_name(node) or "") in others]


def _keyframes_name(node: Node) -> str:
    if isinstance(node, AtRule) and node.lower_at_keyword.endswith("keyframes"):
        return str(tinycss2.serialize(node.prelude).strip())
    return ""


def _without_unused_variables(css: str, used_elsewhere: frozenset[str]) -> str:
    """Return the stylesheet without custom properties that no value references.

    Repeats, because an unused property may hold the only reference to another.
    """
    used = {*_REFERENCE.findall(css), *used_elsewhere}
    pruned = _DECLARATION.sub(lambda match: match[0] if match["name"] in used else "", css)
    return css if pruned == css else _without_unused_variables(pruned, used_elsewhere)
