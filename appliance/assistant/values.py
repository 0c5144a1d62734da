"""Finds the arguments of a task in what a person said. What cannot be found is not known: nothing is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from appliance.assistant.agenda import Slot
from appliance.assistant.chosen import chosen
from appliance.assistant.common_words import FUNCTION_WORDS, PEOPLE_WORDS
from appliance.assistant.named import named
from appliance.assistant.numbered import codes, counted, phones
from appliance.config.tools import Format, Parameter, ParameterType, Task
from appliance.understanding import (
    Found,
    Span,
    Verdict,
    find_dates,
    find_datetimes,
    find_emails,
    find_known,
    find_times,
    mask,
    sounds_like,
    standing,
    yes_no,
)

_ANNOUNCED = re.compile(
    r"\W*(?:(?:hello|hi|hey|yes|yeah|well|so|um+|uh+|good \w+|excuse me|sorry)[\s,.!]+)*"
    r"(?:i|we)(?:'d|'ve|\u2019d|\u2019ve)?\s+(?:(?:would|just|really|got)\s+)*(?:want|like|need|wish|have)\s+(?:to\s+)?"
    r"(?:(?:make|file|lodge|report|register|raise|submit|leave|give)\s+)?(?:an?\s+|some\s+)?"
    r"(?:complain|complaint|report|request|claim|suggestion|feedback|problem)"
    r"(?:\s+(?:about|regarding|concerning|of)\s+\w+(?:\s+\w+){0,3})?\W*(?:please\W*)?",
    re.IGNORECASE,
)
"""An account that is only announced: "I want to make a complaint about the waiting time."."""
ACCOUNT_WORDS = 9
"""From so many words on, a request such as "I want to complain" tells what happened."""
LISTED = (Format.CODE, Format.PHONE)
MOST_TOGETHER = 3
"""So many values of one parameter are looked up one after the other."""
_AND = re.compile(
    r"[\s,]*\b(?:and|or|plus|as well as)\b[\s,]*(?:(?:also|any|some|the|a|an|for|order|number)\s+)*", re.IGNORECASE
)
_CORRECTION = re.compile(r"\W*(?:no|nope|sorry|actually|rather|make (?:it|that))\b", re.IGNORECASE)
_WORD = re.compile(r"[\w'-]+")
_OFTEN = 3
_OBJECT = re.compile(
    r"\b(?:a|an|any|some|the|of|for|have|has|got|sell|stocks?|carry|carries|need|want|buy|about|many|more)\W+(?=\w|$)",
    re.IGNORECASE,
)
"""What stands before the thing that is asked for."""
_NUMBERED = re.compile(r"\b(?:number|no\.?|code|reference)\b(?:\W+is)?\W*$", re.IGNORECASE)

_SPOKEN_OF = re.compile(
    r"\b(?:a|an|the|my|your|our|his|her|their|this)\s+(?:\w+ly\s+)?(?P<thing>[\w'-]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a person said in one turn."""

    text: str
    turn: int
    now: datetime
    """The site's own time."""


class ValueFinder:
    """Finds the values of one task's parameters."""

    def __init__(
        self, task: Task, parameters: Mapping[str, Parameter], *, doubtful: bool, country: str | None = "1"
    ) -> None:
        """Take `doubtful` values as well where they are read back before anything is done."""
        self._parameters = parameters
        self._doubtful = doubtful
        self._country = country
        counted = Counter(word for example in task.examples for word in set(_words(example)))
        self._vocabulary = _vocabulary(task, parameters, (*task.counter_examples, task.not_when))
        self._topic = _vocabulary(task, parameters) | PEOPLE_WORDS
        self._known: dict[str, Sequence[str]] = {
            name: parameter.values for name, parameter in parameters.items() if isinstance(parameter.values, tuple)
        }
        self._told = any(parameter.format is Format.TEXT for parameter in parameters.values())
        self._open = any(_is_open(parameter) for parameter in parameters.values())
        self._carrier = FUNCTION_WORDS | {word for word, count in counted.items() if count >= _OFTEN}

    def find(self, heard: Heard, asked: str = "") -> dict[str, Slot]:
        """Return what was said about any parameter. A short answer is taken for the one that was `asked`."""
        taken: list[Span] = []
        slots: dict[str, Slot] = {}
        for name in sorted(self._parameters, key=lambda name: (name != asked, _rank(self._parameters[name]))):
            found = self._find_one(name, heard, taken, asked=name == asked)
            if found is not None:
                taken.append(found.span)
                slots[name] = Slot(value=found.value, words=found.words, turn=heard.turn)
        return slots

    def several(self, name: str, heard: Heard) -> list[Slot]:
        """Return the values of one parameter that are named side by side: "4271 and 7740"; none where it is one."""
        parameter = self._parameters[name]
        if self._known.get(name):
            found = find_known(heard.text, self._known[name])
        else:
            candidates = self._candidates(name, heard, (), asked=False) if parameter.format in LISTED else ()
            found = [each for each in candidates if _fits(parameter, each) and each.certain]
        ordered = sorted(found, key=lambda each: each.start)
        together = all(self._lists(heard.text[one.end : other.start]) for one, other in pairwise(ordered))
        if not together or not 1 < len({each.value for each in ordered}) == len(ordered) <= MOST_TOGETHER:
            return []
        return [Slot(value=each.value, words=each.words, turn=heard.turn) for each in ordered]

    def _lists(self, between: str) -> bool:
        """Tell whether the words between two values put them side by side: "…, at the pharmacy, and a …"."""
        words = _words(between)
        return _AND.fullmatch(between) is not None or (
            bool({"and", "or", "plus"} & set(words))
            and set(words) <= self._carrier
            and not re.search(r"[.?!]", between)
        )

    def learn(self, name: str, values: Sequence[str]) -> None:
        """Take what there is from now on for a parameter that takes any words."""
        self._known[name] = tuple(values)

    def is_about_something_else(self, heard: Heard) -> bool:
        """Tell whether a thing is spoken of that has nothing to do with the task, such as a table to be booked."""
        found = self.find(heard)
        if self._open or any(self._parameters[name].enum for name in found):
            return False
        taken = [slot.words for slot in found.values()]
        things = [match["thing"].lower().removesuffix("'s") for match in _SPOKEN_OF.finditer(heard.text)]
        known = self._topic | set(_words(" ".join(taken)))
        return any(thing not in known and thing.removesuffix("s") not in known for thing in things)

    def _find_one(self, name: str, heard: Heard, taken: Sequence[Span], *, asked: bool) -> Found | None:
        parameter = self._parameters[name]
        if parameter.format is Format.TEXT:
            return _account(heard.text, asked=asked)
        if parameter.format in (Format.WORDS, None) and parameter.type is ParameterType.STRING and not parameter.enum:
            known = self._known.get(name, ())
            subject = self._thing(heard.text, taken, known, asked=asked)
            return subject if subject and _fits(parameter, subject) else None
        free = [
            each
            for each in self._candidates(name, heard, taken, asked=asked)
            if _fits(parameter, each) and self._trusts(parameter, each) and not _overlaps(each, taken)
        ]
        return free[-1] if len({each.value for each in free}) == 1 else None

    def _trusts(self, parameter: Parameter, found: Found) -> bool:
        """Tell whether a value may be used: a doubtful one only if it is read back, or fits a pattern of its own."""
        return found.certain or self._doubtful or parameter.pattern is not None

    def _candidates(self, name: str, heard: Heard, taken: Sequence[Span], *, asked: bool) -> Sequence[Found]:
        text, parameter = heard.text, self._parameters[name]
        if parameter.enum:
            return chosen(text, parameter, asked=asked, told=self._told)
        if parameter.type is ParameterType.BOOLEAN:
            return _answered(text) if asked else []
        if parameter.type in (ParameterType.INTEGER, ParameterType.NUMBER):
            return counted(mask(text, taken), name, parameter, heard.now.date(), asked=asked)
        return self._formatted(name, heard, taken, asked=asked)

    def _formatted(self, name: str, heard: Heard, taken: Sequence[Span], *, asked: bool) -> list[Found]:
        text, today, parameter = heard.text, heard.now.date(), self._parameters[name]
        finders = {
            Format.DATE: lambda: find_dates(text, today, asked=asked),
            Format.TIME: lambda: find_times(text, answer=asked or self._corrects_the_time(text)),
            Format.DATE_TIME: lambda: find_datetimes(text, heard.now),
            Format.EMAIL: lambda: find_emails(text),
            Format.PHONE: lambda: phones(text, self._country, asked=asked),
            Format.NAME: lambda: named(text, known=self._vocabulary, taken=taken, asked=asked, told=self._told),
            Format.CODE: lambda: codes(text, name, parameter, today, asked=asked),
        }
        return finders[parameter.format]() if parameter.format in finders else []

    def _corrects_the_time(self, text: str) -> bool:
        """Tell whether a bare number is a time: "no, make it ten", where there is nothing to count."""
        kinds = Counter((parameter.type, parameter.format) for parameter in self._parameters.values())
        counted = any(kind in (ParameterType.INTEGER, ParameterType.NUMBER) for kind, _ in kinds)
        return kinds[ParameterType.STRING, Format.TIME] == 1 and not counted and _CORRECTION.match(text) is not None

    def _thing(self, text: str, taken: Sequence[Span], known: Sequence[str], *, asked: bool) -> Found | None:
        """Return the one thing of those `known` that is named, or what may be one; anything where none is known."""
        named = find_known(text, known)
        if named:
            return named[-1] if len({each.value for each in named}) == 1 else None
        subject = self._subject(text, taken, asked=asked, certain=bool(known))
        places = [match.end() for match in _OBJECT.finditer(text)] + ([subject.start] if subject else [])
        alike = [each for start in sorted(set(places)) if (each := sounds_like(text, start, known))]
        return alike[-1] if len({each.value for each in alike}) == 1 else subject

    def _subject(self, text: str, taken: Sequence[Span], *, asked: bool, certain: bool) -> Found | None:
        """Return the words that do not carry the question itself: the last that stand like a thing asked for."""
        carrier = FUNCTION_WORDS if asked else self._carrier
        runs: list[list[re.Match[str]]] = [[]]
        for word in _WORD.finditer(text):
            inside = any(start <= word.start() < end for start, end in taken)
            if runs[-1] and re.search(r"[,.;:!?]", text[runs[-1][-1].end() : word.start()]):
                runs.append([])
            if inside or {word.group().lower(), word.group().lower().removesuffix("'s")} & carrier:
                runs.append([])
            else:
                runs[-1].append(word)
        spans = [(run[0].start(), run[-1].end()) for run in runs if run]
        found = [Found(value=text[a:b], start=a, end=b, words=text[a:b]) for a, b in spans]
        left = standing(text, found)
        things = [each for each in left if _stands_as_object(text, each)]
        if things or (certain and not asked):
            return things[-1] if things else None
        return max(left, key=lambda each: len(each.words.split()), default=None)


def _rank(parameter: Parameter) -> int:
    """Order in which values are looked for: a number that is a phone number is nothing else."""
    order = [Format.EMAIL, Format.PHONE, Format.CODE, Format.DATE_TIME, Format.DATE, Format.TIME, Format.NAME]
    if parameter.format in order:
        return order.index(parameter.format)
    return len(order) + (parameter.format in (Format.WORDS, None) and not parameter.enum)


def _stands_as_object(text: str, found: Found) -> bool:
    return any(match.end() == found.start for match in _OBJECT.finditer(text))


def _is_open(parameter: Parameter) -> bool:
    """Tell whether a parameter takes any words."""
    loose = parameter.format in (Format.WORDS, Format.TEXT, None)
    return loose and parameter.type is ParameterType.STRING and not parameter.enum


def _vocabulary(task: Task, parameters: Mapping[str, Parameter], more: Sequence[str] = ()) -> frozenset[str]:
    """Return the words that mean something for a task: those that no example writes in capitals within a sentence."""
    texts = [*task.examples, task.use_when, task.description, *more]
    words = {text.split()[0].strip(",.").lower() for text in texts if text}
    words |= {word for text in texts for word in _WORD.findall(text) if word.islower()}
    for parameter in parameters.values():
        said = [parameter.description, parameter.ask or "", *parameter.enum]
        said += [name for names in (*parameter.synonyms.values(), *parameter.sounds_like.values()) for name in names]
        words |= set(_words(" ".join(map(str, said))))
    return FUNCTION_WORDS | words


def _called(name: str, text: str, found: Found) -> bool:
    """Tell whether a value is called what the parameter is called: "order 4271", "number 4271"."""
    before = text[: found.start]
    last = (_words(before) or [""])[-1]
    return last in name.split("_") or _NUMBERED.search(before) is not None


def _fits(parameter: Parameter, found: Found) -> bool:
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, str(found.value)):
        return False
    if isinstance(found.value, int | float) and not isinstance(found.value, bool):
        low, high = parameter.minimum, parameter.maximum
        return (low is None or found.value >= low) and (high is None or found.value <= high)
    return True


def _overlaps(found: Found, taken: Iterable[Span]) -> bool:
    return any(found.start < end and start < found.end for start, end in taken)


def _account(text: str, *, asked: bool) -> Found | None:
    """Return all that was said: when it was asked for, or when it is long enough to be an account of something."""
    words = text.strip()
    if not words or not (asked or len(words.split()) >= ACCOUNT_WORDS) or _ANNOUNCED.fullmatch(words):
        return None
    start = text.find(words)
    return Found(value=words, start=start, end=start, words=words)  # it takes nothing away from other values


def _answered(text: str) -> list[Found]:
    verdict = yes_no(text).verdict
    if verdict not in (Verdict.YES, Verdict.NO):
        return []
    return [Found(value=verdict is Verdict.YES, start=0, end=len(text), words=text)]


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
