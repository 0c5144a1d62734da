"""Who is meant: a person by a number, an address or a name, in the forms in which the archive may know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

import phonenumbers

from appliance.config.redaction import Kind, RedactionConfig
from appliance.errors import UsageError
from appliance.redaction.folding import PLACEHOLDER, fold
from appliance.redaction.names import normalised_name
from appliance.redaction.redactor import Redactor

_GIVEN = re.compile(rf"(?P<kind>{'|'.join(Kind)})\s*[:=]\s*(?P<value>.+)", re.DOTALL | re.IGNORECASE)
_FEWEST_DIGITS = 7
"""Of a telephone number (appliance.redaction.phones)."""
_SHORTEST_PART = 3
"""Letters of a part of a name that is looked for on its own."""
_SHAPES = dict.fromkeys(Kind, r"(\d\D*){4}") | {Kind.NAME: r"^\D*[^\W\d_]{2}\D*$", Kind.EMAIL: r"[^@]@[^@]"}
"""What a value has at least, so that a slip is not taken for a person of whom nothing is kept."""
_SWITCHED = {Kind.NAME, Kind.DATE_OF_BIRTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person. `sure` are normalised forms that nobody else has, `possible` some that may be another person's."""

    kind: Kind
    sure: tuple[str, ...]
    possible: tuple[str, ...] = ()

    @property
    def is_part(self) -> bool:
        """Whether it is one word of a name, which is in the names of others too."""
        return self.kind is Kind.NAME and " " not in self.sure[0]


class Reader:
    """Reads what a person is called by, and finds it in texts, as the redaction of the archive does."""

    def __init__(self, config: RedactionConfig) -> None:
        kinds = tuple(kind for kind in Kind if kind not in _SWITCHED)
        switched_on = {"enabled": True, "kinds": kinds, "names": True, "dates_of_birth": True}
        self._config = config.model_copy(update=switched_on)

    def subject(self, text: str) -> Subject:
        """Return who is meant by `kind:value`, or by a value whose kind can be told. Raises UsageError."""
        given = _GIVEN.fullmatch(text.strip())
        value = given["value"].strip() if given else text.strip()
        kind = Kind(given["kind"].lower()) if given else self._guessed(value)
        normalised = self._normalised(kind, value)
        if not normalised or not re.search(_SHAPES[kind], value):
            raise UsageError(f"{text!r} is no {kind.value}", remedy=_HOW)
        if kind is Kind.NAME:
            return _named(value)
        if kind is Kind.PHONE:
            return _dialled(normalised)
        return Subject(kind=kind, sure=(normalised,))

    def finds(self, subject: Subject, text: str) -> bool:
        """Tell whether a text speaks of a person in clear; placeholders count for nothing."""
        text = PLACEHOLDER.sub(" … ", text)
        if subject.kind is Kind.NAME:
            folded = re.sub(r"[\s,-]+", " ", fold(text))
            return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded) for name in subject.sure)
        redactor = Redactor(self._config)
        redactor.learn(subject.kind, subject.sure[0])
        if f"[{subject.kind.name}_1]" in redactor.redact(text):
            return True
        later = redactor.found()[1:]
        return any(each.kind is subject.kind and each.normalised in subject.sure for each in later)

    def _normalised(self, kind: Kind, value: str) -> str:
        redactor = Redactor(self._config)
        redactor.learn(kind, value)
        return next((finding.normalised for finding in redactor.found()), "")

    def _guessed(self, value: str) -> Kind:
        redactor = Redactor(self._config)
        redactor.redact(value)
        kinds = {finding.kind for finding in redactor.found()}
        digits = sum(char.isdigit() for char in value)
        if len(kinds) == 1:
            return kinds.pop()
        if not kinds and digits >= _FEWEST_DIGITS and not re.search(r"[^\W\d_]", value):
            return Kind.PHONE
        if not digits and re.search(r"[^\W\d_]{2}", value) and "@" not in value:
            return Kind.NAME
        raise UsageError(f"it cannot be told what {value!r} is", remedy=_HOW)


_HOW = (
    "Write KIND:VALUE, such as phone:+19025550142 (with the country code), email:a@example.org or "
    f'"name:Karen Doyle"; the kinds are {", ".join(Kind)}.'
)


def _named(value: str) -> Subject:
    """Return a name in both orders; its parts alone may be somebody else's."""
    last, comma, first = value.partition(",")
    name = re.sub(r"[\s,-]+", " ", normalised_name(f"{first} {last}" if comma else value)).strip()
    words = name.split()
    turned = " ".join([*words[1:], words[0]]) if len(words) > 1 else name
    as_written = normalised_name(value)
    sure = dict.fromkeys([name, as_written, " ".join([words[-1], *words[:-1]]), turned])
    parts = [word for word in words if len(word) >= _SHORTEST_PART] if len(words) > 1 else []
    ends = [f"{words[0]} {words[-1]}"] if len(words) > 2 else []  # noqa: PLR2004 - a name with a middle
    return Subject(
        kind=Kind.NAME, sure=tuple(sure), possible=tuple(each for each in [*ends, *parts] if each not in sure)
    )


def _dialled(normalised: str) -> Subject:
    """Return a number as it is dialled from abroad and in its country; without the area it may be somebody else's."""
    if not normalised.startswith("+"):
        return Subject(kind=Kind.PHONE, sure=(normalised,))
    number = phonenumbers.parse(normalised)
    national = phonenumbers.national_significant_number(number)
    local = national[phonenumbers.length_of_geographical_area_code(number) :]
    region = phonenumbers.region_code_for_number(number)
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) if region else None
    forms = chain((normalised, normalised.lstrip("+"), national), (f"{trunk}{national}",) if trunk else ())
    sure = tuple(dict.fromkeys(forms))
    possible = (local,) if len(local) >= _FEWEST_DIGITS and local not in sure else ()
    return Subject(kind=Kind.PHONE, sure=sure, possible=possible)
