"""Whether a sentence of the language model claims or promises an act. The model cannot act: such a sentence is false.

What was really done is said from the phrases of the tools, with a receipt, and never by the model.
"""

from __future__ import annotations

import re

_DONE = (
    r"(?:booked|scheduled|rescheduled|cancell?ed|confirmed|reserved|sent|ordered|registered|recorded|noted|updated"
    r"|changed|arranged|notified|informed|forwarded|submitted|filed|added|removed|deleted|called|emailed|contacted"
    r"|transferred|connected|passed|escalated|reported|processed|checked|looked|found|saved|logged|made|set up|set|put)"
)
_DO = (
    r"(?:book|schedule|reschedule|cancel|confirm|reserve|send|order|register|record|note|update|change|arrange|notify"
    r"|inform|forward|submit|file|add|remove|delete|call|email|contact|transfer|connect|pass|escalate|report|process"
    r"|check|look|find out|save|log|make|set|put|get|have someone|let (?:them|him|her|my|the|your)|remind)"
)
_THING = (
    r"(?:appointment|booking|visit|reservation|order|request|complaint|message|report|file|record|cancellation|test"
    r"|refill|prescription|spot|slot)"
)
_THINGS = rf"(?:{_THING}|(?:your|the|both|all|these) {_THING}s)"
_BRIEFLY = r"(?:just |now |already |also |gladly |happily |successfully )*"
_DOING = (
    r"(?:book|confirm|send|order|register|record|notify|inform|forward|add|call|email|contact|connect|pass|report"
    r"|process"
    r"|check|look|find|log|remind|schedul|reschedul|cancell?|reserv|not|updat|chang|arrang|submitt|fil|remov|delet"
    r"|transferr|escalat|sav|mak|sett|putt|gett)ing"
)
_ALREADY = r"(?: now| all| already| successfully)*"
_YOU_ARE = "you're|you are|you've been|you have been|(?:that|it)(?:'s| is|'s been| has been)|all"
_TELLS = r"that (?!on\b|along\b|to\b|for\b|down\b|as\b|now\b|already\b)\w|by\b|out (?:that|why)|(?:no|none|nothing)\b"
"""What follows when something was found out or noted, and not done, or when nothing was."""
_PATTERNS = (
    rf"\b(?:i|we)(?:'ve| have|'d)? {_BRIEFLY}{_DONE}\b(?! (?:{_TELLS}))",
    rf"\b(?:i|we)(?:'ll| will| am going to|'m going to|'re going to|'m| am) {_BRIEFLY}(?:{_DO}|{_DOING})\b",
    rf"\b{_THINGS} (?:is|are|was|were|has been|have been){_ALREADY} (?:{_DONE}|all set)\b",
    rf"\b(?:{_YOU_ARE}){_ALREADY} (?!made\b)(?:{_DONE}|done|taken care of)\b(?! (?:at|by|on the|in the|to the))",
    r"^(?:done|booked|cancelled|confirmed|sent)(?=\W*$|[,.!;]| (?:for|as|on|at|it|and)\b)",
    rf"\byour {_THING} (?:for|on|at|with)\b.*\b(?:is|are) (?:set|confirmed|booked|scheduled)\b",
)
_CLAIMS = tuple(map(re.compile, _PATTERNS))
_DENIED = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|unable|not able|don't|didn't|haven't|won't|if|once|when|after)\b"
)


_CLAUSE_END = re.compile(r"[,;:.!?]|\bbut\b")


def claims_an_act(sentence: str) -> bool:
    """Tell whether the sentence says that something was done, or will be; a denial or condition comes before it."""
    said = sentence.lower().replace("\u2019", "'")
    matches = (match for pattern in _CLAIMS for match in pattern.finditer(said))
    return any(not _DENIED.search(_CLAUSE_END.split(said[: match.start()])[-1]) for match in matches)
