"""E-mail addresses, written and dictated in four languages."""

from __future__ import annotations

import re

from appliance.config.redaction import Kind
from appliance.redaction.matches import Match, match
from appliance.redaction.numerals import LANGUAGES
from appliance.understanding.letters import NATO
from appliance.understanding.words import word_set

_WRITTEN = re.compile(r"(?<![\w.+-])\w[\w.+'-]{0,63}\s?@\s?[a-z0-9-]+(?:\s?\.\s?[a-z0-9-]+)*")
_AT = re.compile(r"(?<!\w)(?:@|at(?:\s+sign)?|arroba|klammeraffe)(?!\w)")
_SIGNS = {
    "dot": ".", "point": ".", "period": ".", "ponto": ".", "punto": ".", "punkt": ".",
    "dash": "-", "hyphen": "-", "minus": "-", "hifen": "-", "traco": "-", "guion": "-", "bindestrich": "-",
    "strich": "-", "tiret": "-", "underscore": "_", "underline": "_", "unterstrich": "_", "plus": "+",
}  # fmt: skip
_TOP = (
    "com|org|net|edu|gov|info|biz|eu|io|co|uk|us|de|at|ch|br|pt|es|fr|it|nl|be|ie|mx|ar|cl|pl|ca|au|email|online|app|dev"
    "|health|clinic|bank|test|example"
)
_DOT = (
    r"(?:\s?\.(?=[a-z0-9])|\s?\.\s(?=(?:com|org|net|de|co)\b)"
    r"|[\s,]+(?:dot|point|period|ponto|punto|punkt)(?:[\s,]+|(?=com\b|org\b|net\b|de\b)))"
)
_DASH = r"(?:-|\s+(?:dash|hyphen|minus|hifen|traco|guion|bindestrich|strich)\s+)"
_LABEL = rf"[a-z0-9]+(?:(?:{_DASH}|[\s,-]{{1,2}})[a-z0-9]+){{0,5}}?"
_DOMAIN = re.compile(
    rf"[\s,]*(?P<host>(?:{_LABEL}{_DOT}){{1,3}}?(?:{_TOP}|c[\s-]o[\s-]m|[a-z][\s-][a-z]|com\s(?:br|mx|pt))"
    rf"(?:{_DOT}(?:{_TOP}))?)(?![\w@])"
)
_WITHOUT_DOT = re.compile(r"\s+(?P<host>[a-z0-9-]+\s+(?:com|org|net))(?!\w)")
"""Only where an address is spoken of."""
_SPOKEN_OF = re.compile(r"mail|correo|arroba|address")
_STOP = word_set(
    "is it's its email mail e-mail address that's that use to be yes yeah sure okay ok um uh and or no sorry mean was",
    "actually my the a an at me us you him her them look looking available located website site meet are am page his",
    "found reach there here online your our their of in on not send write by for with this from just about so",
    "e o os endereco meu minha seu sua em para pelo por no na de do da ou sim mande envie escreva um uma correio",
    "ist meine mein ihre die der das lautet an unter bitte und oder ja nein adresse auf schreiben sie mich erreichen",
    "note down use gmail hotmail outlook anote apunte notieren",
    "es mi su correo electronico direccion la el al si y en enviar escribame hotel address: email: can will would",
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?")
_NUMBERS = {
    word: str(value)
    for language in LANGUAGES
    for word, value in [*language.digits.items(), *language.teens.items()]
    if len(word) > 1
}
_SPELLED = {word for word in NATO if word not in {"mike", "victor", "oscar", "romeo", "charlie"}}
_MOST_WORDS = 24
_MOST_NAMES = 3
"""Words of a name that stand side by side before "at" without a sign between them."""


def find_emails(folded: str) -> list[Match]:
    """Return the e-mail addresses of a folded text."""
    found = [
        match(Kind.EMAIL, re.sub(r"\s", "", each[0]), each.start(), each.end())
        for each in _WRITTEN.finditer(folded)
        if "." in each[0].partition("@")[2]
    ]
    end = max((each.end for each in found), default=0)
    for at in _AT.finditer(folded):
        if any(each.start < at.end() and at.start() < each.end for each in found):
            continue
        domain = _DOMAIN.match(folded, at.end())
        if domain is None and _SPOKEN_OF.search(folded):
            domain = _WITHOUT_DOT.match(folded, at.end())
        if domain is None:
            continue
        local = _local(folded, max((each.end for each in found if each.end <= at.start()), default=0), at.start())
        if local is not None:
            start, name = local
            end = domain.end("host")
            found.append(match(Kind.EMAIL, f"{name}@{_host(domain['host'])}", start, end))
    return found


def _host(said: str) -> str:
    words = re.sub(r"[\s,]+", " ", said.replace(".", " . ")).split()
    if len(words) > 1 and not {".", *_SIGNS} & set(words):
        words.insert(-1, ".")
    return "".join(_SIGNS.get(word, _spelled(word)) for word in words)


def _local(folded: str, earliest: int, at: int) -> tuple[int, str] | None:
    """Read backwards from "at"; return where the address begins, and its part before the sign."""
    start, names, after_sign = at, 0, True
    parts: list[str] = []
    words = list(_WORD.finditer(folded, earliest, at))[-_MOST_WORDS:]
    for index in range(len(words) - 1, -1, -1):
        word, previous = words[index], words[index - 1][0] if index else ""
        gap = folded[word.end() : start]
        sign = word[0] in _SIGNS or re.fullmatch(r"[._+-]", gap) is not None
        if re.search(r"[:;!?]|[.]\s|\"", gap) or (
            parts and "," in gap and not (word[0] in _SIGNS or parts[-1] in _SIGNS or _is_atom(word[0]))
        ):
            break
        if _is_stop(word[0]) and not (previous in _SIGNS or _is_spelled(word[0], previous, parts[-1:], after_sign)):
            break
        plain = word[0] not in _SIGNS and not _is_atom(word[0])
        names = names + 1 if plain and not after_sign else int(plain)
        if names > _MOST_NAMES:
            break
        written = gap.strip() if parts and gap.strip() in {".", "_", "-", "+"} else ""
        if written:
            parts.append(written)
        parts.append(word[0])
        start, after_sign = word.start(), sign
    while parts and parts[-1] in _SIGNS:
        dropped = parts.pop()
        start += len(dropped)
        start += len(folded[start:at]) - len(folded[start:at].lstrip(" ,.-"))
    name = "".join(_SIGNS.get(part, _spelled(part)) for part in reversed(parts))
    return (start, name) if name else None


def _is_stop(word: str) -> bool:
    return word in _STOP or word.endswith("'s")


def _is_spelled(word: str, previous: str, following: list[str], after_sign: bool) -> bool:
    """Tell whether "a", "e" or "o" is a letter that is spelled here, or any word a part between two signs."""
    if following and after_sign:
        return True
    return len(word) == 1 and any(_is_atom(each) for each in (previous, *following))


def _is_atom(word: str) -> bool:
    return len(word) == 1 or word.isdecimal() or word in _NUMBERS or word in _SPELLED


def _spelled(word: str) -> str:
    return _NUMBERS.get(word) or (word[0] if word in _SPELLED else word)
