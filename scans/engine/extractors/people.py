"""Names and positions of people as stated next to contacts.

Nothing is inferred, neither from the local part of an e-mail address nor from capitalised words. A
name counts if markup or a table declares it, if a title or position is next to it, or if a label
introduces it.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import NamedTuple

from scans.engine.extractors.text import one_line

LONGEST_NAME, LONGEST_POSITION = 60, 80
# Lines of one person, from the one that announces it.
MOST_CONTACT_LINES = 6
_DASHES = re.compile(r" [-\u2013\u2014|•·/] |, | ?\(|\) ?|\t")
_LABEL = re.compile(r"^([^:]{2,60}?) ?: *(.*)$")
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019.][^\W\d_]+)*\.?")
# Separators in a list of names: `Max Muster, Erika Muster und Otto Muster`.
_AND = re.compile(r",|;|/| und | and | et | y | e | en | i | sowie ")


class Person(NamedTuple):
    """A name, and the position stated with it, which may be empty."""

    name: str
    position: str


def person_in(lines: Sequence[str]) -> tuple[Person, str] | None:
    """Return the only person named in the lines of a card or row, and the supporting lines.

    None if they name nobody or several people.
    """
    people: dict[str, tuple[Person, str]] = {}
    for index, line in enumerate(lines):
        stated = _in_line(line)
        if stated is None or not stated[0].position:
            stated = (
                _in_two_lines(line, lines[index + 1 : index + 2])
                or _below_position(lines[index - 1 : index] if index else [], line)
                or stated
            )
        if stated:
            known = people.get(stated[0].name)
            if known is None or (stated[0].position and not known[0].position):
                people[stated[0].name] = stated
    return next(iter(people.values())) if len(people) == 1 else None


def _in_line(line: str) -> tuple[Person, str] | None:
    """Read `Geschäftsführer: Max Muster`, `Max Muster, CEO`, `Dr. Max Muster`."""
    labelled = _LABEL.match(line)
    if labelled:
        if person := _announced(labelled[1], labelled[2]):
            return person, line
        if "@" not in labelled[2] and not any(map(str.isdigit, labelled[2])):
            return None
        line = labelled[1]  # `Max Muster, Vertrieb: max@muster.de`
    name, *rest = [part for part in _DASHES.split(line[:200]) if part and part.strip()] or [""]
    if known := read_name(name):
        position = next((part for part in rest if is_position(part)), "")
        if position or _has_personal_title(name):
            return Person(known, _cut(position)), line
    return None


def _announced(label: str, rest: str) -> Person | None:
    """Return the person after a label; if there are several, the first."""
    is_label = any(
        _pattern(f"{kind}_labels").fullmatch(label.strip()) for kind in ("contact", "name")
    )
    is_role = bool(_pattern("legal_roles").fullmatch(label.strip())) or is_position(label)
    if not is_role and not is_label:
        return None
    if _pattern("companies").search(rest):
        return None
    name, *others = [part for part in _DASHES.split(rest[:200]) if part and part.strip()] or [""]
    person = read_name(_AND.split(name)[0])
    if person is None:
        return None
    stated = next((part for part in others if is_position(part)), "")
    return Person(person, _cut(label if is_role and not is_label else stated))


def announced_people(lines: Sequence[str]) -> Iterator[tuple[Person, Sequence[str]]]:
    """Yield the people whom `Contact person: Anna Müller` announces, and the lines that are theirs.

    Theirs are that line and those right after it that state a contact or a position.
    """
    for place, line in enumerate(lines):
        label = _LABEL.match(line) if len(line) < 300 else None
        if label and _pattern("contact_labels").fullmatch(label[1].strip()):
            following = list(
                takewhile(_is_of_contact, lines[place + 1 : place + MOST_CONTACT_LINES])
            )
            if person := _announced(label[1], label[2]):
                position = person.position or next(filter(is_position, following), "")
                yield Person(person.name, _cut(position)), [line, *following]


def _is_of_contact(line: str) -> bool:
    """Return whether a short line states a contact, or what one is (`Phone:`), or a position."""
    if len(line) > LONGEST_POSITION or (_LABEL.match(line) and person_in([line])):
        return False
    digits = sum(map(str.isdigit, line))
    return "@" in line or digits >= 6 or line.endswith(":") or is_position(line)


def _in_two_lines(line: str, following: Sequence[str]) -> tuple[Person, str] | None:
    """Read a name above its position, or below its label."""
    if not following:
        return None
    below = following[0]
    label = line.rstrip(" :")
    if (line.endswith(":") or _pattern("legal_roles").fullmatch(label)) and (
        person := _announced(label, below)
    ):
        return person, f"{line} {below}"
    name = read_name(line)
    if name and is_position(below) and not read_name(below):
        return Person(name, _cut(below)), f"{line} {below}"
    return None


def _below_position(before: Sequence[str], line: str) -> tuple[Person, str] | None:
    """Read a name below its position."""
    name = read_name(line)
    if name and before and is_position(before[0]) and not read_name(before[0]):
        return Person(name, _cut(before[0])), f"{before[0]} {line}"
    return None


def legal_people(lines: Sequence[str]) -> Iterator[tuple[int, Person, str]]:
    """Yield (line number, person, supporting text) for roles in a legal notice."""
    for index, line in enumerate(lines):
        role = _legal_role().match(line) if len(line) < 300 else None
        if role is None:
            continue
        rest = line[role.end() :].strip(" :\u2013-")
        following, snippet = rest, line
        if not rest and index + 1 < len(lines):
            following, snippet = lines[index + 1], f"{line} {lines[index + 1]}"
        name = _first_name(following)
        if name:
            yield index, Person(name, _cut(_without_represented(role["role"]))), snippet


def _without_represented(role: str) -> str:
    """Reduce `vertreten durch den Geschäftsführer` to `Geschäftsführer`."""
    return _represented().sub("", role) or role


@cache
def _represented() -> re.Pattern[str]:
    return re.compile(rf"(?i)^(?:{_joined('represented')})")


def _first_name(text: str) -> str | None:
    if _pattern("companies").search(text):
        return None
    text = _leading_role().sub("", text[:120])
    parts = _DASHES.split(_AND.split(text)[0])
    return read_name(parts[0]) if parts else None


@cache
def _legal_role() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?P<role>{_joined('legal_roles')})(?=[ :]|$)(?: ?:| (?=[A-ZÀ-Ž])|$)")


@cache
def _leading_role() -> re.Pattern[str]:
    return re.compile(rf"(?i)^(?:{_joined('legal_roles')}):? (?=\w)")


def read_name(text: str) -> str | None:
    """Return a text as a person's name if it is entirely one, else None."""
    text = text.strip(" ,;:\u2013-•|*\u00a0")
    if not 4 < len(text) <= LONGEST_NAME or any(char.isdigit() for char in text) or "@" in text:
        return None
    bare = _titles().sub("", text).strip(" ,")
    parts = bare.split()
    if not 2 <= len(parts) <= 5 or not all(map(_is_part, parts)):
        return None
    large = [part for part in parts if part.casefold() not in _words("particles")]
    if not 2 <= len(large) <= 4 or is_position(bare):
        return None
    *first, last = large
    if any(map(_is_no_name, first)) or (_is_no_name(last) and not _is_surname(last)):
        return None
    return one_line(_courtesy().sub("", text), LONGEST_NAME)


def _is_part(part: str) -> bool:
    if part.casefold() in _words("particles"):
        return True
    return bool(_WORD.fullmatch(part)) and part[0].isupper()


def _is_no_name(part: str) -> bool:
    plain = part.casefold().rstrip(".")
    return plain in _words("no_names") or plain.endswith(("'s", "\u2019s"))


def _is_surname(part: str) -> bool:
    return part.casefold() in _words("surnames")


def _has_personal_title(name: str) -> bool:
    first = name.strip().partition(" ")[0].rstrip(".").casefold()
    return first in set(_table()["personal_titles"].split("|"))


def is_position(text: str) -> bool:
    """Return whether a short text is a job title."""
    text = text.strip()
    if not 2 <= len(text) <= LONGEST_POSITION or "@" in text or re.search(r"\d{3}", text):
        return False
    return bool(_position().search(text)) and _words("sentence_words").isdisjoint(
        text.casefold().split()
    )


@cache
def _position() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?<!\w)(?:{_joined('positions')})")


def _cut(position: str) -> str:
    return one_line(position.strip(" ,;:\u2013-|()"), LONGEST_POSITION)


def is_head(cell: str, kind: str) -> bool:
    """Return whether a cell is the heading of a column of names (`name_heads`) or positions."""
    return cell.strip(" :").casefold() in set(_table()[kind].split("|"))


@cache
def _titles() -> re.Pattern[str]:
    return re.compile(rf"(?i)^(?:(?:{_joined('titles')})[-. ]*)+(?=\s|[A-ZÀ-Ž])")


@cache
def _courtesy() -> re.Pattern[str]:
    return re.compile(rf"(?i)^(?:{_joined('courtesy')})\b\.? +")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_joined(name), re.IGNORECASE)


def _joined(name: str) -> str:
    return "".join(line for line in _table()[name].splitlines())


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_table()[name].split())


@cache
def _table() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("people.toml").read_text("utf-8"))


def same_number(number: str, stated: Iterable[str]) -> bool:
    """Return whether an E.164 number shares the last seven digits of a stated number."""
    return any(number.endswith(digits[-7:]) for digits in stated if len(digits) >= 6)
