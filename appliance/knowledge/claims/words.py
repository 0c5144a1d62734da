"""Word lists by which a number or a capital is judged."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

FUNCTION_WORDS = _words(
    """
    a about after again all also although am an and any anyone anything are around as at be because been before behind
    below beside between both but by can cannot could did do does each either else every everyone everything few for
    from given had has have he her here him his how however i if in including inside into is it its just let like many
    may maybe me might more most much must my near neither next no nobody none nor not nothing now of off often on once
    only onto opposite or other others our out over past per perhaps please same shall she should since so some someone
    something sometimes soon still such than that the their them then there these they this those through till to too
    under unless until up upon us usually very was we well were what when where whether which while who why will with
    within without would yet you your yours
    daily exactly later max maximum minimum plus sharp today tomorrow tonight total weekdays weekends yesterday open
    opens close closes closed
    """
)
"""Words that name nothing, so that a number before one of them counts nothing that is named."""

DISCOURSE = _words(
    """
    answer answers choice choices option options other others piece pieces point points possibilities possibility
    question questions reason reasons request requests sec secs moment moments step steps thing things way ways word
    words more
    """
)
"""What is counted in talking itself: `two things`, `one more`."""

ORDINARY_CAPITALS = _words(
    """
    ok okay hello hi hey good morning afternoon evening night goodbye bye welcome sorry thanks thank yes no sure
    certainly absolutely great perfect alright right fine excuse pardon sir madam ma'am miss mr mrs ms mx dr doctor
    nurse professor prof internet front desk reception information emergency floor ground room level entrance exit
    office clinic hospital street avenue road lane building department colleague colleagues assistant id tv am pm
    christ god mum mom dad
    """
)
"""Words that may have a capital within a sentence without naming anybody; the words beside them are checked."""

_NEXT_WORD = re.compile(r"[ -](?P<word>[A-Za-z][A-Za-z']*)")
_NAME_FOLLOWS = re.compile(r" [A-Z][a-z]")


def next_word(rest: str) -> str:
    """Return the word right behind, in lower case; empty when punctuation or a number follows."""
    match = _NEXT_WORD.match(rest)
    return match["word"].lower() if match else ""


def counts_something(rest: str) -> bool:
    """Tell whether what follows a number is the name of what it counts."""
    word = next_word(rest)
    return bool(word) and word.split("'")[0] not in FUNCTION_WORDS and word.removesuffix("s") not in DAYS


def starts_a_name(rest: str) -> bool:
    """Tell whether a name follows, as in `12 Harbour Street`."""
    return bool(_NAME_FOLLOWS.match(rest)) and counts_something(rest)
