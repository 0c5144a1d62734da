"""Finds the arguments of a task in what a person said. What cannot be found is not known: nothing is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from appliance.assistant.agenda import Slot
from appliance.config.tools import Format, Parameter, ParameterType, Task
from appliance.understanding import (
    Found,
    Span,
    Verdict,
    find_codes,
    find_dates,
    find_datetimes,
    find_emails,
    find_known,
    find_mentioned_names,
    find_names,
    find_numbers,
    find_phones,
    find_times,
    mask,
    match_choice,
    sounds_like,
    standing,
    yes_no,
)

ACCOUNT_WORDS = 9
"""From so many words on, a request such as "I want to complain" tells what happened."""
ANY_CODE = r"[A-Z0-9-]{3,}"
LISTED = (Format.CODE, Format.PHONE)
MOST_TOGETHER = 3
"""So many values of one parameter are looked up one after the other."""
_AND = re.compile(
    r"[\s,]*\b(?:and|or|plus|as well as)\b[\s,]*(?:(?:also|any|some|the|a|an|for|order|number)\s+)*", re.IGNORECASE
)
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
PEOPLE_WORDS = frozenset(
    """
    baby boy child children dad daughter doctor family father friend girl grandmother grandfather husband kid kids
    mother mum mom nurse parents partner sister brother son wife day date time week month morning afternoon evening
    """.split()  # noqa: SIM905
)
"""Whom and when it is for says nothing about what it is."""

FUNCTION_WORDS = frozenset(
    """
    a about actually again all also am an and another any anything are as at available be because been
    bottle box but available buy by call can carries carry charge check cost costs could did do does doing
    don't else excuse find
    for
    from get give going good got had has have haven't hello here hey hi how i i'd i'll i'm i've if in is
    isn't it it's item items just know left let like look looking lot many may maybe me mean might more
    morning much my need no not now of oh ok okay on one or our out over pack package pharmacy please
    price product put really right said sell shop should so some something stock stocks store sure take tell
    than thank thanks that that's the them then there there's these they thing think this those to today trouble uh um
    up us was we well were what what's when where whether which who why will with wonder wondering would yeah yes you
    your er hm hmm
    """.split()  # noqa: SIM905 - two hundred literals are no easier to read
)
"""Words that carry a question and name nothing."""


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
            candidates = self._candidates(parameter, heard, (), asked=False) if parameter.format in LISTED else ()
            found = [each for each in candidates if _fits(parameter, each) and each.certain]
        ordered = sorted(found, key=lambda each: each.start)
        together = all(_AND.fullmatch(heard.text[one.end : other.start]) for one, other in pairwise(ordered))
        if not together or not 1 < len({each.value for each in ordered}) == len(ordered) <= MOST_TOGETHER:
            return []
        return [Slot(value=each.value, words=each.words, turn=heard.turn) for each in ordered]

    def learn(self, name: str, values: Sequence[str]) -> None:
        """Take what there is from now on for a parameter that takes any words."""
        self._known[name] = tuple(values)

    def is_about_something_else(self, heard: Heard) -> bool:
        """Tell whether a thing is spoken of that has nothing to do with the task, such as a table to be booked."""
        if self._open:
            return False
        taken = [slot.words for slot in self.find(heard).values()]
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
            for each in self._candidates(parameter, heard, taken, asked=asked)
            if _fits(parameter, each) and self._trusts(parameter, each) and not _overlaps(each, taken)
        ]
        return free[-1] if len({each.value for each in free}) == 1 else None

    def _trusts(self, parameter: Parameter, found: Found) -> bool:
        """Tell whether a value may be used: a doubtful one only if it is read back, or fits a pattern of its own."""
        return found.certain or self._doubtful or parameter.pattern is not None

    def _candidates(self, parameter: Parameter, heard: Heard, taken: Sequence[Span], *, asked: bool) -> Iterable[Found]:
        text = heard.text
        if parameter.enum:
            names = {value: (value, *parameter.synonyms.get(value, ())) for value in parameter.enum}
            choice = match_choice(text, names)
            return [choice] if choice else []
        if parameter.type is ParameterType.BOOLEAN:
            return _answered(text) if asked else []
        if parameter.type in (ParameterType.INTEGER, ParameterType.NUMBER):
            numbers = find_numbers(mask(text, taken), exclude=find_phones(text))
            whole = parameter.type is ParameterType.INTEGER
            return [each for each in numbers if not whole or float(each.value).is_integer()]
        found = self._formatted(parameter, heard, asked=asked)
        if parameter.format is Format.NAME and not found:
            return find_mentioned_names(text, known=self._vocabulary, taken=taken)
        if parameter.format is Format.CODE and not found:
            return _spoken_out(text)
        return found

    def _formatted(self, parameter: Parameter, heard: Heard, *, asked: bool) -> list[Found]:
        text = heard.text
        finders = {
            Format.DATE: lambda: find_dates(text, heard.now.date()),
            Format.TIME: lambda: find_times(text),
            Format.DATE_TIME: lambda: find_datetimes(text, heard.now),
            Format.EMAIL: lambda: find_emails(text),
            Format.PHONE: lambda: find_phones(text, country=self._country),
            Format.NAME: lambda: find_names(text, asked=asked),
            Format.CODE: lambda: find_codes(text, parameter.pattern or ANY_CODE, exclude=find_phones(text)),
        }
        return finders[parameter.format]() if parameter.format in finders else []

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
            if inside or word.group().lower() in carrier:
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
        said += [name for names in parameter.synonyms.values() for name in names]
        words |= set(_words(" ".join(map(str, said))))
    return FUNCTION_WORDS | words


def _called(name: str, text: str, found: Found) -> bool:
    """Tell whether a value is called what the parameter is called: "order 4271", "number 4271"."""
    before = text[: found.start]
    last = (_words(before) or [""])[-1]
    return last in name.split("_") or _NUMBERED.search(before) is not None


def _spoken_out(text: str) -> list[Found]:
    """Return whole numbers as digits: "three thousand three hundred and six"."""
    numbers = [each for each in find_numbers(text, exclude=find_phones(text)) if float(each.value).is_integer()]
    return [replace(each, value=str(int(each.value)), certain=False) for each in numbers]


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
    if not words or not (asked or len(words.split()) >= ACCOUNT_WORDS):
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
