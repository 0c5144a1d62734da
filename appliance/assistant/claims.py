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
_BRIEFLY = r"(?:just |now |already |also |gladly |happily |successfully )*"
_DOING = _DO[3:-1].replace("|", "ing|") + "ing"
_ALREADY = r"(?: now| all| already| successfully)*"
_YOU_ARE = "you're|you are|you've been|you have been|that's|that is|it's|it is|it has been|all"
_PATTERNS = (
    rf"\b(?:i|we)(?:'ve| have|'d)? {_BRIEFLY}{_DONE}\b(?! (?:that|by|out (?:that|why)))",
    rf"\b(?:i|we)(?:'ll| will| am going to|'m going to|'re going to|'m| am) {_BRIEFLY}(?:{_DO}|{_DOING})\b",
    rf"\b{_THING}s? (?:is|are|was|were|has been|have been){_ALREADY} (?:{_DONE}|all set)\b",
    rf"\b(?:{_YOU_ARE}){_ALREADY} (?:{_DONE}|done|taken care of)\b(?! (?:at|by|on the|in the|to the))",
    r"^(?:done|booked|cancelled|confirmed|sent)\b",
    rf"\byour {_THING} (?:for|on|at|with)\b.*\b(?:is|are) (?:set|confirmed|booked|scheduled)\b",
)
_CLAIMS = tuple(map(re.compile, _PATTERNS))
_DENIED = re.compile(
    r"\b(?:can't|cannot|can not|couldn't|unable|not able|don't|didn't|haven't|won't|if|once|when|after)\b"
)


def claims_an_act(sentence: str) -> bool:
    """Tell whether the sentence says that something was done, or will be."""
    said = sentence.lower().replace("\u2019", "'")
    return not _DENIED.search(said) and any(pattern.search(said) for pattern in _CLAIMS)
