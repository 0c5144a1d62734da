"""Acronyms, and codes made of letters and digits.

espeak-ng (1.52, en-us) reads `I.C.U` as three letters but `ICU` as a word and a lone `A` as the article; these rules
name the forms that it gets wrong. Acronyms without vowels it spells by itself.
"""

from __future__ import annotations

import re

from appliance.speakable.numbers import cardinal, digits
from appliance.speakable.passage import Rule, follow, rule

_SPELLED = (
    "AB|AC|AI|AKA|AOB|API|BAC|CEO|CEU|CFO|COO|CTO|CUI|DIY|DOA|DOB|ECG|ECT|EDT|EEG|EKG|ENT|EOB|EPA|ER|ERP|EST|ETA|EU|FAQ|FBI|FYI"
    "|GUI|HIV|HOA|ICU|IEEE|IOU|IPA|IQ|IRA|IRS|ISP|IUD|IV|LED|NBA|NYC|OB|PTA|QA|ROI|SEO|STI|SUV|TBA|TIA|UAE|UFO|UI|UN|UPI|URL"
    "|USD|UTC|UTI|UX|VAT|VIP"
)
_SHORT_RUN = 2
_SPELLED_RUN = 4
_RUN = re.compile(r"[^\W\d_]+|\d+")
_LONE_A = (
    "[Pp]lan|[Gg]ate|[Rr]oom|[Vv]itamin|[Hh]epatitis|[Bb]uilding|[Ww]ing|[Oo]ption|[Ll]ot|[Bb]lock|[Dd]oor|[Ll]evel"
    "|[Gg]roup|[Tt]ype|[Hh]all"
)


def spell(letters: str) -> str:
    """Return letters so that each is read by its name."""
    if letters.upper() == "A":
        return "eigh"
    return ".".join(letters.upper())


def _code(match: re.Match[str]) -> str:
    return " ".join(_run(run) for run in _RUN.findall(match[0]))


def _run(run: str) -> str:
    if run.isdecimal():
        return cardinal(int(run)) if len(run) <= _SHORT_RUN and not run.startswith("0") else digits(run)
    if len(run) == 1 or (run.isupper() and len(run) <= _SPELLED_RUN):
        return spell(run)
    return run


LETTER_RULES: tuple[Rule, ...] = (
    rule(r"(?<!\w)(?=[^\W_]*\d)(?=[^\W_]*[^\W\d_])[^\W_]+(?:-[A-Z0-9]*\d[A-Z0-9]*)*(?!\w)", _code),
    rule(
        rf"(?<!\w)(?P<letters>{_SPELLED})(?P<plural>s?)(?!\w|\.\w)",
        lambda m: spell(m["letters"]) + ("'s" if m["plural"] else ""),
    ),
    rule(rf"(?<!\w)(?P<lead>(?:{_LONE_A})\s)A(?!\w|[.'-]\w)", lambda m: follow(m["lead"]) + spell("A")),
)
