"""Finds the arguments of a task in what a person said. What cannot be found is not known: nothing is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.assistant.agenda import Slot
from appliance.config.tools import Format, Parameter, ParameterType, Task
from appliance.understanding import (
    Found,
    Verdict,
    find_codes,
    find_dates,
    find_datetimes,
    find_emails,
    find_names,
    find_numbers,
    find_phones,
    find_times,
    match_choice,
    yes_no,
)

_WORD = re.compile(r"[\w'-]+")
_OFTEN = 2
ACCOUNT_WORDS = 9
"""From so many words on, a request such as "I want to complain" tells what happened."""

FUNCTION_WORDS = frozenset(
    """
    What a person said in one turn.
    """.split()  # noqa: SIM905 - a list of two hundred literals is no easier to read
)
    return Found(value=words, start=start, end=start, words=words)  # it takes nothing away from other values


def _answered(text: str) -> list[Found]:
    verdict = yes_no(text).verdict
    if verdict not in (Verdict.YES, Verdict.NO):
        return []
    return [Found(value=verdict is Verdict.YES, start=0, end=len(text), words=text)]


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
