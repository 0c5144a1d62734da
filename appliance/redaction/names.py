"""Names of people: where they introduce themselves, after a title, and wherever a name that is known is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from appliance.config.redaction import Kind
from appliance.redaction.folding import fold
from appliance.redaction.matches import Finding, Match, match
from appliance.redaction.ordinary import NOT_NAMED, ORDINARY
from appliance.understanding.name_words import PARTICLES

_TITLE = (
    r"(?:mrs|mr|ms|miss|mister|missus|dr|doctor|prof|professor|frau|herr|sra|sr|srta|dona|seu|senhora?|senora?|senorita"
    r"|doutora?|doctora?|don|madame|monsieur|dra)\b\.?"
)
_RELATION = (
    r"(?:my|our|his|her) (?:wife|husband|son|daughter|mother|father|mum|mom|dad|brother|sister|partner|colleague|boss"
    r"|manager|neighbour|neighbor|friend)|(?:meu|minha) (?:marido|esposa|mulher|filh[oa]|mae|pai|irma|irmao|colega"
    r"|chefe)"
    r"|(?:mein|meine|meinen|meiner) (?:frau|mann|sohn|tochter|mutter|vater|bruder|schwester|kollegen?|kollegin|chef)"
    r"|mi (?:marido|esposa|mujer|hij[oa]|madre|padre|herman[oa]|coleg[oa]|jef[ae])"
)
_UNDER = r"(?:booked|put (?:it|me|us) (?:down )?|it is|it's|reserved|listed|filed|registered) ?under"
_AFTER_CUE = rf"[\s,:]+(?:(?:it's|is|the|a|o|el|la)\s+)?(?:{_TITLE}\s+)?"
_OWN = re.compile(
    r"\b(?:my (?:\w+ )?name(?: is|'s|,)|my surname(?: is|'s)?|(?:first|last|family|full|given|maiden) name(?: is|'s|:)?"
    r"|i'm called|they call me|call me"
    r"|(?:o )?meu nome(?: completo)? e|me chamo|chamo-me|aqui quem fala e (?:o|a)|quem fala e (?:o|a)"
    r"|mein(?: voller)? name(?: ist|:)|mein (?:nach|vor)name(?: ist|:)|ich hei(?:ß|ss)e|hier spricht"
    r"|me llamo|mi nombre(?: completo)? es|mis? apellidos?(?: es| son)|je m'appelle)" + _AFTER_CUE
)
"""After these a name may be written in small letters."""
_GIVEN = re.compile(
    r"(?:\b(?:(?:her|his|their|whose|the (?:[\w']+ )?)name(?: is|'s|:)|surname(?: is|'s|:)?|name is|name's|name:"
    r"|patient's name(?: is|:)?|names?'? of|(?:by|under|in) the name(?: of)?"
    r"|nome(?: completo)?:?(?: e)?|se chama|sobrenome(?: e)?|aqui e (?:o|a)|fala (?:o|a)(?= )"
    r"|nachname(?: ist|:)?|vorname(?: ist|:)?|name ist"
    r"|nombre(?: completo)?:?(?: es)?|apellidos?:?|se llama|le habla|habla con|soy (?:el|la)(?= (?:senora?|dr|dra)\b))"
    r"|^name)" + _AFTER_CUE
)
_WEAK = re.compile(
    rf"\b(?:i'm|i am|this is|it's|it is|here is|sou (?:o|a)|eu sou|aqui e|soy|ich bin|hier ist|da ist|es"
    rf"|{_RELATION}|{_UNDER}"
    rf"|speaking with|am)[\s,]+(?P<title>{_TITLE}\s+)?"
)
_SURE_INTRODUCTIONS = re.compile(
    r"(?:i'm|i am|this is|speaking with|sou (?:o|a)|eu sou|soy|ich bin|hier ist|aqui e)\b" + rf"|{_RELATION}|{_UNDER}"
)
_TITLED = re.compile(
    r"\b(?:mrs|mr|mister|missus|frau|herrn?|sra|sr|srta|dona|senhora?|senora?|senorita|madame|monsieur"
    r"|(?P<capital>ms|miss|don))\b\.?\s+"
)
_SPEAKING = re.compile(
    r"(?<![\s,])[\s,]+(?:speaking|here|calling|hier|again|wieder|falando|am apparat|al habla|on the (?:line|phone))\b"
    r"(?=\s*(?:$|[.,!?;]|(?:and|from|about|for|with|i|i'm|i'd|to|regarding|wegen|von|de|da|do)\b))"
)
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_GAP = re.compile(r" |\. | ?- ?")
_SPELLED = re.compile(
    r"[\s,.]*(?:(?:that's|spelled|spelt|spelling|it's|ich buchstabiere|soletrando|se escreve|se escribe)[\s,:]+)*"
    r"(?P<letters>\b[^\W\d_](?:[\s,.-]+[^\W\d_]\b){2,})"
)
_BEFORE_ANSWER = re.compile(
    r"[\s,.!]*(?:(?:yes|yeah|sure|okay|ok|well|so|hi|hello|it's|it is|that's|sim|claro|ja|hallo|si|e)[\s,.!]+)*"
)
_AFTER_ANSWER = re.compile(r"[\s,.!]*(?:please|thanks|thank you|speaking|here|bitte|por favor)?[\s,.!]*")
_BESIDE = re.compile(
    r"(?<!\w)(?P<name>[^\W\d_a-z][\w'-]+(?: [^\W\d_a-z][\w'-]+){1,2})[,.:]?"
    r"(?:\s+(?:and\s+)?(?:(?:my|the|her|his)\s+)?(?:phone|mobile|cell|tel|telephone|number|email|e-mail|telefone|telefon)"
    r"(?:\s+(?:number|is))*)?[\s,.:]+$",
)
_LONGEST_LEAD = 90
_ALSO_NAMES = frozenset({"will", "christian", "german", "french", "english", "jesus"})
_MOST, _MOST_SMALL = 4, 3
_SHORTEST_PART = 3


def introduced_names(text: str, folded: str, *, asked: bool = False) -> list[Match]:
    """Return the names that somebody gives as theirs or another's, with their spelling, and names with a title.

    `asked` tells that a name was asked for, so that the text may be nothing but a name.
    """
    found = _introduced(text, folded)
    if found or not asked:
        return found
    lead = _BEFORE_ANSWER.match(folded)
    answer = _named(text, folded, lead.end() if lead else 0, small=True)
    return answer if answer and _AFTER_ANSWER.fullmatch(folded, answer[-1].end) else []


def _introduced(text: str, folded: str) -> list[Match]:
    found: list[Match] = []
    for cues, small in ((_OWN, True), (_GIVEN, text.islower())):
        for cue in cues.finditer(folded):
            found += _named(text, folded, cue.end(), small=small)
    for cue in _WEAK.finditer(folded):
        named = _named(text, folded, cue.end(), small=False)
        sure = cue["title"] or _SURE_INTRODUCTIONS.match(cue[0])
        found += named if named and (sure or _SPEAKING.match(folded, named[0].end)) else []
    for cue in _TITLED.finditer(folded):
        if not cue["capital"] or text[cue.start()].isupper():
            found += _named(text, folded, cue.end(), small=False)
    for cue in _SPEAKING.finditer(folded):
        begin = re.search(
            r"(?:^|[.,!?]\s*|\b(?:hi|hello|hallo|ola|hola|alo|and|it's)\s+)((?:[^\W\d_]+ ?){1,3})$",
            folded[: cue.start()],
        )
        if begin:
            found += [each for each in _named(text, folded, begin.start(1), small=False) if each.end == cue.start()]
    return _distinct(found)


def names_before(text: str, folded: str, places: Sequence[int]) -> list[Match]:
    """Return names of two or three words right before a number or address: "for Karen Doyle, phone 902 …"."""
    found = []
    for place in places:
        lead = text[max(0, place - _LONGEST_LEAD) : place]
        beside = _BESIDE.search(lead)
        named = _named(text, folded, place - len(lead) + beside.start("name"), small=False) if beside else []
        found += [each for each in named if " " in each.finding.normalised]
    return found


class KnownNames:
    """Names that are known, to be found wherever they are said, whole or in part."""

    def __init__(self) -> None:
        self._names: dict[str, Finding] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, finding: Finding) -> None:
        """Remember a name; its parts stand for it too, unless they are words of another kind as well."""
        words = [word for word in _WORD.findall(finding.normalised) if word not in PARTICLES]
        parts = [word for word in words if len(word) >= _SHORTEST_PART and word not in ORDINARY]
        whole = [finding.normalised] if len(words) > 1 or parts else []
        fresh = [each for each in (*whole, *parts) if each not in self._names]
        for each in fresh:
            self._names[each] = finding
        if fresh:
            names = sorted(self._names, key=len, reverse=True)
            self._pattern = re.compile(
                r"(?<!\w)(?:" + "|".join(re.escape(name).replace(r"\ ", r"[\s,-]+") for name in names) + r")(?!\w)"
            )

    def same(self, finding: Finding) -> Finding:
        """Return the known name that a name stands for, else the name itself."""
        return self._names.get(finding.normalised, finding)

    def find(self, folded: str) -> list[Match]:
        """Return where a folded text has a known name."""
        if self._pattern is None:
            return []
        return [
            Match(finding=finding, start=each.start(), end=each.end())
            for each in self._pattern.finditer(folded)
            if (finding := self._names.get(re.sub(r"[\s,-]+", " ", each[0])) or self._names.get(each[0]))
        ]


@lru_cache(maxsize=1024)
def normalised_name(name: str) -> str:
    """Return a name in lower case, without accents and titles, with single spaces."""
    folded = re.sub(r"\s+", " ", fold(name)).strip(" .,")
    return re.sub(rf"^(?:{_TITLE}\s+)+", "", folded)


def _named(text: str, folded: str, start: int, *, small: bool) -> list[Match]:
    """Read the name that begins at `start`; in small letters only where the whole text may be, if `small` allows it."""
    lower = small and text[start : start + 1].islower()
    taken: list[re.Match[str]] = []
    for word in _WORD.finditer(folded, start):
        between = folded[taken[-1].end() : word.start()] if taken else folded[start : word.start()]
        if (taken and not _GAP.fullmatch(between)) or (not taken and between.strip(" ,\"'")):
            break
        if folded[word.end() : word.end() + 1] in {"_", "/", "("} or folded[word.start() - 1 : word.start()] == "_":
            return []
        if len(taken) == (_MOST_SMALL if lower else _MOST) or _ends_name(word, text, folded) or word[0].endswith("'s"):
            break
        if not lower and not text[word.start()].isupper() and word[0] not in PARTICLES:
            break
        taken.append(word)
    while taken and (taken[-1][0] in PARTICLES or len(taken[-1][0]) == 1):
        taken.pop()
    if not taken:
        return _only_spelled(folded, start) if small else []
    taken = _said_again(text, folded, taken)
    first, last = taken[0].start(), taken[-1].end()
    name = match(Kind.NAME, normalised_name(text[first:last].rpartition(", ")[2]), first, last)
    spelled = _SPELLED.match(folded, last)
    return [name, Match(finding=name.finding, start=spelled.start("letters"), end=spelled.end())] if spelled else [name]


def _said_again(text: str, folded: str, taken: list[re.Match[str]]) -> list[re.Match[str]]:
    """Read on where the name is said once more and longer: "Bond, James Bond"."""
    words = list(_WORD.finditer(folded, taken[-1].end()))[:_MOST]
    again = [place for place, word in enumerate(words) if word[0] == taken[-1][0]]
    if len(taken) > 1 or not again or not re.fullmatch(r"[,.]\s+", folded[taken[-1].end() : words[0].start()]):
        return taken
    capitals = all(text[word.start()].isupper() for word in words[: again[0] + 1])
    return [*taken, *words[: again[0] + 1]] if capitals else taken


def _ends_name(word: re.Match[str], text: str, folded: str) -> bool:
    """Tell whether a word is no part of a name; "Will" and "Christian" are one before a name: Will Turner."""
    if word[0] not in NOT_NAMED:
        return False
    if word[0] not in _ALSO_NAMES or not text[word.start()].isupper():
        return True
    following = _WORD.match(folded, word.end() + 1)
    if following is None or folded[word.end()] != " ":
        return word[0] != "will"
    return not text[following.start()].isupper() or following[0] in NOT_NAMED


def _only_spelled(folded: str, start: int) -> list[Match]:
    spelled = _SPELLED.match(folded, start)
    if spelled is None:
        return []
    name = "".join(re.findall(r"[^\W\d_]", spelled["letters"]))
    return [match(Kind.NAME, name, spelled.start("letters"), spelled.end())]


def _distinct(found: Sequence[Match]) -> list[Match]:
    kept: list[Match] = []
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept
