"""Yes, no, and answers that are neither."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from appliance.understanding.found import Span
from appliance.understanding.words import plain


class Verdict(StrEnum):
    """What an answer comes to."""

    YES = "yes"
    """A plain yes and nothing else: what was asked about may be done."""
    CHANGE = "change"
    """A yes with something to it ("yes, but make it four"): what was asked about may not be done as it is."""
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to a question that can be answered with yes or no."""

    verdict: Verdict
    rest: str = ""
    """What was said beyond yes or no, as it was said."""


_COURTESY = (
    r"(?:please|thanks|thank you(?: very much| so much)?|thanks a lot|sir|madam|ma'am"
    r"|then|now|oh|ah|well|so|okay|ok|good|great)"
)
_YES = (
    r"yes(?: (?:please|do|i do|i am|i would|i'd like that|i would like that|it is|that is|you can|you may|you do|indeed"
    r"|of course|sir|ma'am|i'm sure|i am sure))?|yeah|yea|yep|yup|yah|ya|yes yes|aye|uh-?huh|mm-?hm+|mhm+"
    r"|sure(?: thing)?|of course|certainly|absolutely|definitely|indeed|exactly|precisely|by all means"
    r"|correct|(?:that's|that is|it's|it is|this is) (?:all |perfectly |absolutely |exactly |totally )?"
    r"(?:right|correct|fine|good|perfect|great|okay|ok|alright|all right|it exactly)"
    r"|all correct|okay|ok|alright|all right|go ahead|go for it|please (?:do(?: (?:it|that|so))?|go ahead|book it"
    r"|confirm(?: it)?)"
    r"|do (?:it|that|so)|book it|send it(?: off)?|submit it|pass it on"
    r"|confirm(?:ed)?(?: it)?|i confirm(?: (?:it|that))?|let's do (?:it|that)"
    r"|sounds (?:good|great|fine|perfect|right)|(?:that|it) (?:works|suits me|is fine|will do|would be (?:great|fine"
    r"|good|perfect|lovely))"
    r"|that'd be (?:great|fine|good|perfect|lovely)|that'll do|works for me|fine (?:by|with) me|perfect"
    r"|i do|i would|i'd like that|i'd love (?:that|to)|you (?:can|may)"
)
_NO = (
    r"no(?: (?:no|way|thanks|thank you|sir|ma'am|i don't|i do not|i'm not|i am not|i wouldn't|it isn't|it's not"
    r"|it is not"
    r"|that's (?:wrong|not (?:right|correct|it))|don't|please don't))?|nope|nah|nay|uh-uh|nuh-uh|negative"
    r"|not (?:really|now|today|this time|right|correct|quite|yet)|(?:i'd |i would )?rather not|(?:please )?(?:don't"
    r"|do not)(?: do (?:it|that)| book it| send it| pass it on)?"
    r"|(?:absolutely|certainly|definitely|of course|surely|probably|please|better) not|i (?:don't"
    r"|do not) (?:think so|want (?:that|it|to))"
    r"|(?:that's|that is|it's|it is|this is) (?:wrong|incorrect|false|not (?:right|correct|it|true|okay"
    r"|what i (?:said|meant|want|wanted)))"
    r"|wrong|incorrect|never|under no circumstances|no way"
)
_HEDGE = re.compile(
    r"\b(?:guess|maybe|perhaps|probably|possibly|suppose|supposed|might|unless|if|depends|depending|not sure|unsure"
    r"|dunno"
    r"|don't know|no idea|i think|wonder|what|why|how|who|huh|pardon|hm+|kind of|sort of|hopefully|let me (?:think"
    r"|see|check)"
    r"|wait|hold on|hang on|one (?:moment|second)|just a|not at all|no (?:problem|worries|rush|matter)|why not"
    r"|whatever|either)\b"
)
_SPACE = r"(?:[\s,.!;:-]+|$)"
_MOST = 6
"""Phrases after the first: words that are both courtesy and assent would make longer ones slow to refuse."""


def _leading(phrases: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{_COURTESY}{_SPACE})*?(?:(?:{phrases}){_SPACE}(?:{_COURTESY}{_SPACE})*)+")


def _only(phrases: str) -> re.Pattern[str]:
    courtesies = rf"(?:{_COURTESY}{_SPACE}){{0,{_MOST}}}"
    return re.compile(rf"{courtesies}(?:{phrases}){_SPACE}(?:(?:{_COURTESY}|{phrases}){_SPACE}){{0,{_MOST}}}")


_LEADING_YES, _LEADING_NO = _leading(_YES), _leading(_NO)
_ONLY_YES, _ONLY_NO = _only(_YES), _only(_NO)
_ASSENT = re.compile(r"\b(?:u+h+[\s-]?h+u+h+|m+[\s-]?h+m+|a+h+[\s-]?h+a+h*|mhm+)\b", re.IGNORECASE)
_CONJUNCTION = re.compile(r"(?:(?:but|and|though|only|just|however|rather|actually|i mean)\b[\s,.]*)+")
_PADDING = rf"(?:(?:{_COURTESY}|no|yeah|yes|sorry|actually|you know what|just|let's|can we|can you|could you){_SPACE})*"
_CANCEL = (
    r"(?:never ?mind(?: (?:it|that|then))?|forget (?:it|that|about (?:it|that))|cancel(?: (?:it|that|this"
    r"|everything))?|(?:leave|drop|skip) (?:it|that)"
    r"|don't bother|do not bother|(?:i(?:'ve| have)? )?changed my mind|stop (?:it|that|this)|abort|scrap (?:it|that)"
    r"|i don't (?:want|need) (?:it|that|this)(?: any ?more)?|it doesn't matter(?: any ?more)?)"
)
_UNKNOWN = (
    r"(?:i (?:don't|do not|wouldn't) (?:know|remember|recall)(?: (?:it|that|yet|that one|my \w+|the \w+|by heart"
    r"|it by heart|off hand|offhand|right now))*"
    r"|dunno|i dunno|(?:i(?:'ve| have) )?(?:no|got no|absolutely no) (?:idea|clue)|(?:i'm "
    r"|i am )?not sure(?: (?:about that|yet))?|(?:i'm |i am )?unsure"
    r"|i (?:can't|cannot|couldn't) (?:remember|recall|say|tell)(?: (?:it|that|right now|you))*|i(?:'ve"
    r"| have)? (?:forgot|forgotten)(?: (?:it|that|my \w+|the \w+))?"
    r"|(?:i )?(?:don't|do not|haven't|have not) (?:have|got|have got)(?: (?:one|it|that|any|it (?:with|on) me"
    r"|it here|(?:an?|any|my|the)(?: [\w-]+){1,3}))?(?: (?:with|on) me| here)?"
    r"|(?:there isn't|there is no|there's no|i(?:'ve| have) no)(?: (?:one|[\w-]+)){1,3}|who knows|hard to say"
    r"|couldn't tell you)"
)
_NEGATION = re.compile(r"\b(?:not|no|never|without|except|neither|nor|cannot|\w+n't)\b")
_NOT_NEGATIVE = re.compile(
    r"\b(?:why not|why don't (?:we|you|i)|not only|no problem|no worries|don't forget|don't mind|do not mind"
    r"|can't wait|can't wait for"
    r"|wouldn't mind|if not|or not|couldn't we|couldn't i|can't (?:i|we|you)|couldn't you|won't you|don't you"
    r"|isn't it|not before|not after|not until|no later than|no earlier than|not later than|not earlier than)\b"
)
_CLAUSE_END = re.compile(r"[,.;:!?]|\b(?:but|because|so|then|and)\b")
_SCOPE = 7
"""Words over which a negation reaches."""


def yes_no(text: str) -> Answer:
    """Return whether `text` is a plain yes, a yes with a change, a no, or none of them.

    A question, a hedge ("I guess", "if", "not sure") and a yes beside a no are unclear. So is "no problem": it agrees
    with a request and denies a difficulty, and a question may be either.
    """
    whole = _heard(text)
    said = whole.strip()
    offset = len(whole) - len(whole.lstrip())
    if not said or said.endswith("?") or _HEDGE.search(_NEGATED_PHRASES.sub(" ", said)):
        return Answer(verdict=Verdict.UNCLEAR, rest=text.strip())
    for every, verdict in ((_ONLY_YES, Verdict.YES), (_ONLY_NO, Verdict.NO)):
        if every.fullmatch(said):
            return Answer(verdict=verdict)
    for leading, verdict, opposite in (
        (_LEADING_YES, Verdict.YES, _LEADING_NO),
        (_LEADING_NO, Verdict.NO, _LEADING_YES),
    ):
        begun = leading.match(said)
        if begun:
            rest = said[begun.end() :]
            if opposite.match(rest) or (verdict is Verdict.YES and _NEGATION.match(rest)):
                return Answer(verdict=Verdict.UNCLEAR, rest=text[offset + begun.end() :].strip())
            return _answer(verdict, text, offset + begun.end())
    return Answer(verdict=Verdict.UNCLEAR, rest=text.strip())


def is_cancel(text: str) -> bool:
    """Tell whether the whole utterance drops what is being done: "never mind", "cancel that"."""
    return _consists_of(_CANCEL, text)


def is_unknown(text: str) -> bool:
    """Tell whether the whole utterance says that the person cannot tell: "no idea", "I don't have one"."""
    return _consists_of(_UNKNOWN, text)


def is_negated(text: str, span: Span) -> bool:
    """Tell whether a negation in the same clause reaches what stands at `span`: "I don't want the red one"."""
    before = _NOT_NEGATIVE.sub(lambda match: "x" * len(match[0]), plain(text)[: span[0]])
    clause = _CLAUSE_END.split(before)[-1]
    return _NEGATION.search(" ".join(clause.split()[-_SCOPE:])) is not None


_NEGATED_PHRASES = re.compile(
    r"\b(?:no way|i (?:don't|do not) think so|probably not|not (?:really|quite))\b|what i (?:said|meant|want|wanted)"
)
"""Clear answers that contain a word of doubt."""


def _heard(text: str) -> str:
    """Return the plain text with sounds of assent as "yes"; no character moves."""
    return plain(_ASSENT.sub(lambda match: "yes".ljust(len(match[0])), text))


def _answer(verdict: Verdict, text: str, end: int) -> Answer:
    rest = text[end:].strip(" ,.!;:-")
    plain_rest = plain(rest)
    conjunction = _CONJUNCTION.match(plain_rest)
    rest = rest[conjunction.end() :].strip() if conjunction else rest
    if not rest and conjunction:
        return Answer(verdict=Verdict.UNCLEAR, rest=text[end:].strip())
    if rest and verdict is Verdict.YES:
        return Answer(verdict=Verdict.CHANGE, rest=rest)
    return Answer(verdict=verdict, rest=rest)


def _consists_of(phrases: str, text: str) -> bool:
    said = plain(text).strip()
    return (
        re.fullmatch(rf"\W*{_PADDING}{phrases}{_SPACE}(?:(?:{_COURTESY}|sorry|{phrases}){_SPACE})*\W*", said)
        is not None
    )
