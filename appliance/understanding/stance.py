"""Whether words wish for something or only speak of it: "I booked it", "she told me to", "if I wanted", "no need"."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from appliance.understanding.words import plain


class Stance(StrEnum):
    """How somebody speaks of a thing."""

    OPEN = "open"
    """They may well want it: a request, a question, or a statement that leaves it open."""
    REPORTED = "reported"
    """Somebody else has said it."""
    PAST = "past"
    """It is over or settled."""
    IMAGINED = "imagined"
    """They ask what would be."""
    DONE = "done"
    """They have done the act itself already."""
    DONE_BY_OTHERS = "done by others"
    """Somebody else has done it."""
    REFUSED = "refused"
    """They do not want something."""
    DENIED = "denied"
    """They do not want the act itself."""
    GENERAL = "general"
    """They ask whether such a thing can be done at all."""
    ADVICE = "advice"
    """They ask what is good for them, or how the world is."""


_CLAUSE = re.compile(r"[.?!;,]+(?:\s+(?:and|but|so|because))?\s+|\s+(?:and|but|so|because)\s+")
_START = (
    r"^\W*(?:(?:and|but|so|well|oh|ah|yes|yeah|no|okay|ok|um+|uh+|actually|yesterday|sorry|hello|hi|then|you know"
    r"|because|also|please|thanks)\b[\s,.]*)*"
)
_WHO = (
    r"(?:i|we|you|he|she|they|it|everybody|everyone|somebody|someone|people"
    r"|(?:my|our|your|the|a|his|her|their)\s+(?:\w+\s+)?\w+)"
)
_BRIEFLY = r"(?:\s+(?:already|just|also|only|once|never|always|still|even|finally|really|both|all))*"
_IRREGULAR = (
    r"went|got|had|took|bought|found|made|told|said|saw|left|lost|sent|paid|gave|did|came|brought|thought|heard|met"
    r"|spoke|ate|fell|forgot|kept|knew|read|wrote|put|done|gone|seen|taken|given|written|spoken|was|were|used to"
)
_REGULAR = r"(?!(?:need|feed|bleed|speed|proceed|succeed|wanted|needed|wondered|hoped|supposed|interested)\b)\w+ed"
_PAST_VERB = rf"(?:{_IRREGULAR}|{_REGULAR})"
_NOT_OVER = r"(?!\s+(?:going|supposed|wondering|hoping|looking|thinking|calling|told|about to)\b)"
_PAST = re.compile(
    rf"{_START}{_WHO}(?:{_BRIEFLY}\s+{_PAST_VERB}\b{_NOT_OVER}"
    r"|\s+did\s+(?!you\b|they\b|i\b|we\b|he\b|she\b|it\b)\w+"
    rf"|(?:'ve|'s|'d|\s+have|\s+has|\s+had){_BRIEFLY}\s+{_PAST_VERB}\b"
    r"|(?:'ve|\s+have)\s+(?:already|still|enough)\b|\s+(?:already|still)\s+(?:have|has)\b"
    r"|\s+(?:should|could|would|might)\s+have\s+\w+(?:ed|en|ne|ne|ld)\b"
    r"|(?:'m|'re|\s+am|\s+are)(?:\s+just|\s+only)?\s+(?:coming|visiting|meeting|seeing|here for|early|fine|done)\b)"
)
_SAID_BY = re.compile(
    rf"{_START}(?:on (?:the )?(?:television|tv|radio|news|internet)\s+)?"
    rf"(?:(?!i\b|we\b|you\b|it\b){_WHO}(?:\s+\w+)?{_BRIEFLY}"
    r"\s+(?:used to say|said|says?|told|tells?|asked|asks|advised|advises"
    r"|recommend(?:s|ed)?|suggest(?:s|ed)?|mentioned|thinks?|claims?|claimed|wants me|wanted me|insists?)\b"
    r"|(?:i|we)(?:'ve|\s+have)?\s+(?:(?:was|were|been)\s+told|heard|read)\b)"
)
_QUOTES = re.compile(r"\b(?:said|says|told|asked)(?:\s+to)?(?:\s+(?:me|us|him|her|them))?\W*$")
_IMAGINED = re.compile(
    r"\bif (?:i|we|one|somebody|someone|people|you)\s+(?:ever\s+)?(?:wanted|wants|had|were|was|needed|needs|should"
    r"|decided"
    r"|happened)\b|\b(?:suppose|supposing|imagine|hypothetically|in theory)\b|\bwhat if\b"
    r"|\bwhat (?:would )?happens? (?:if|when)\b"
    r"|\b(?:let's )?say (?:i|we|you) (?:had|wanted|needed|have|want|need)\b|\b(?:just )?in case (?:i|we)\b"
)
_REFUSED = re.compile(
    rf"{_START}(?:(?:i|we|he|she|they|it)\s+(?:really\s+)?(?:don't|do not|didn't|won't|wouldn't"
    rf"|doesn't)\s+(?:really\s+|even\s+)?"
    r"(?:need|want|wish|have to|like to|mean to)\b"
    r"|(?:please\s+)?(?:don't|do not|never)\s+(?!you\b|they\b|we\b|i\b|forget\b|hesitate\b)\w+"
    r"|(?:there's|there is)?\s*no need (?:to|for)\b|i'd rather not\b|(?:i|we)\s+(?:have|'ve got)\s+nothing to\b)"
)
_ADVICE = re.compile(
    rf"{_START}(?:how (?:many|much|often|long|soon)\b.{{0,40}}\b(?:can|may|should|could|must|do|does)"
    rf"\s+(?!you\b){_WHO}\s+"
    r"(?:take|give|use|drink|eat|swallow|have|apply|wear|keep)\b"
    r"|why (?:do|does|is|are|would|should)(?:n't)?\s+(?!(?:you|it|my|i|we|our|this|that|the)\b)"
    rf"|(?:is|are) (?:it|{_WHO}|\w+(?: \w+)?) (?:really )?"
    r"(?:safe|dangerous|harmful|contagious|addictive|poisonous|healthy)\b"
    r"|.*\b(?:what|which)(?: one| of them)?(?: is|'s| are)?\s+(?:more\s+)?"
    r"(?:better|best|good|healthier|safer|stronger)\s+for\b"
    rf"|(?:should|may) (?:i|we|he|she|{_WHO})\s+(?:take|give|use|stop|keep|drink|eat)\b)"
)
_ANYTHING = r"(?!(?:the|my|our|your|his|her|an?|me|us|this|that|these|some|any|it|him|them)\b)"
_GENERAL = re.compile(
    rf"{_START}(?:(?:are you (?:able|allowed)|is it possible|is there a way|do you know how"
    rf"|is it allowed)\s+(?:for you\s+)?to"
    rf"\s+\w+(?:\s+up)?|(?:can|do) (?:you(?: also| even| actually| really)?|one"
    rf"|people)\s+\w+(?:\s+up)?)\s+{_ANYTHING}\w+s\b\W*$"
)
_TAG = r"(?:is|are|was|were|do|does|did|have|has|can|could|will|would)(?:n't)? (?:it|he|she|they|you|we|i)\W*$"
_ASKS = re.compile(
    rf"{_START}(?!{_TAG})(?:can|could|would|will|may|might|shall|should|is|are|am|was|were|do|does|did|have|has"
    rf"|what|when"
    r"|where|which|who|why|how|any)\b"
)
_WISHES = re.compile(
    r"\b(?:please|need|needs|want|wants|wanna|would like|'d like|'d love|'d appreciate|have to|has to|must|wish"
    r"|ought|let me"
    r"|let's|let us|looking (?:for|to|into)|hoping|wondering|wonder|wanted to|trying to|calling (?:to|about)"
    r"|here (?:to|about)"
    r"|like to|can't|won't|cannot|unable|not able|not coming|doesn't|hasn't|haven't|isn't|not going|rather)\b"
)
_ORDERS = re.compile(
    rf"{_START}(?:arrange|book|bring|call|cancel|change|check|delete|do|drop|find|forget|get|give|have|help|look"
    rf"|make|move"
    r"|open|order|pencil|pull|put|register|remove|report|reschedule|reserve|schedule|scrap|search|see|send|set"
    r"|show|strike"
    r"|take|tell|try|undo|verify|write)\b(?!\s+(?:you|that)\b)"
)


def stance(text: str, acts: Collection[str] = ()) -> Stance:
    """Tell how `text` speaks of what it names.

    What anybody wishes in one of its clauses makes it open; what would be, and what can be done at all, is asked of
    the whole.

    Args:
        text: What was said.
        acts: Beginnings of the verbs of a task, such as "book": to have done that, or not to do it, is no wish for it,
            whatever else was said with it as a statement.
    """
    said = plain(text)
    if _IMAGINED.search(said):
        return Stance.IMAGINED
    if _GENERAL.search(said):
        return Stance.GENERAL
    if _ADVICE.search(said):
        return Stance.ADVICE
    found = _quoting([(clause, _of_clause(clause, acts)) for clause in _clauses(said)])
    told = [each for each in found if each is not None and each is not Stance.OPEN]
    return Stance.OPEN if None in found or not told else told[0]


def without_refusals(text: str) -> str:
    """Return `text` without the clauses in which something is refused, unless nothing is left."""
    said, kept, start = plain(text), [], 0
    for cut in (*_CLAUSE.finditer(said), None):
        end = cut.start() if cut else len(said)
        if not _REFUSED.search(said[start:end]):
            kept.append(text[start : cut.end() if cut else end])
        start = cut.end() if cut else end
    left = "".join(kept).strip()
    return left if any(char.isalpha() for char in left) else text


def _quoting(found: Sequence[tuple[str, Stance | None]]) -> list[Stance | None]:
    """Return the stances; what stands behind "he said to me," are somebody else's words."""
    stances: list[Stance | None] = []
    quoted = False
    for clause, each in found:
        stances.append(Stance.REPORTED if quoted and each is not Stance.REPORTED else each)
        quoted = each is Stance.REPORTED and _QUOTES.search(clause) is not None
    return stances


def _clauses(said: str) -> list[str]:
    """Return the clauses; a question keeps its mark."""
    parts = re.split(r"(?<=\?)", said)
    return [clause for part in parts for clause in _CLAUSE.split(part) if clause and re.search(r"\w{2}|\bi\b", clause)]


def _of_clause(clause: str, acts: Collection[str]) -> Stance | None:
    """Return how one clause speaks; None where it wishes for something, OPEN where it does neither."""
    if _SAID_BY.search(clause):
        return Stance.REPORTED
    if _denies(clause, acts):
        return Stance.DENIED
    if _REFUSED.search(clause):
        return Stance.REFUSED
    if (clause.rstrip().endswith("?") and not re.search(_TAG, clause)) or _ASKS.search(clause):
        return None
    if _PAST.search(clause) and not re.search(
        r"\b(?:wanted to|would like|'d like|hasn't|haven't|didn't(?! (?:you|they|we|he|she|i)\b))\b", clause
    ):
        return _who_did(clause) if _done(clause, acts) else Stance.PAST
    return None if _WISHES.search(clause) or _ORDERS.search(clause) else Stance.OPEN


def _who_did(clause: str) -> Stance:
    return Stance.DONE if re.match(rf"{_START}(?:i|we)\b", clause) else Stance.DONE_BY_OTHERS


def _denies(clause: str, acts: Collection[str]) -> bool:
    """Tell whether a clause says that an act is not wanted: "I'm not complaining"."""
    return _named(rf"(?:\b(?:not|never|without)|n't)\s+(?:\w+\s+){{0,2}}(?:{_either(acts)})", clause, acts)


def _done(clause: str, acts: Collection[str]) -> bool:
    either = _either(acts)
    done = rf"(?:{either})\w*ed|(?:made|filed|wrote|did (?:make|file|write))\s+(?:a|an|my|the|that)\s+(?:{either})\w*"
    return _named(rf"\b(?:{done})\b", clause, acts)


def _named(pattern: str, clause: str, acts: Collection[str]) -> bool:
    return bool(acts) and re.search(pattern, clause) is not None


def _either(acts: Collection[str]) -> str:
    return "|".join(map(re.escape, acts))
