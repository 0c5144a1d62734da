"""Phone numbers, e-mail and web addresses, as they are written and as they are said."""

from __future__ import annotations

import re

from appliance.knowledge.claims.mention import Found, Kind, Reading, found, number, rule

_SHORTEST_PHONE = 7
_TOP_DOMAINS = "com|org|net|info|gov|edu|ca|us|uk|ie|au|nz|eu|de|fr|ch|example"


def _email(match: re.Match[str], _: str) -> list[Found]:
    address = match[0].lower()
    return _at(address)


def _spoken_email(match: re.Match[str], _: str) -> list[Found]:
    user, host = _joined(match["user"]), f"{_joined(match['host'])}.{match['top'].lower()}"
    return _at(f"{user}@{host}")


def _at(address: str) -> list[Found]:
    host: Reading = ("web", address.partition("@")[2])
    return [*found(("email", address)), Found(readings=frozenset({host}), asserted=False)]


def _web(match: re.Match[str], _: str) -> list[Found]:
    return found(("web", match["host"].lower().removeprefix("www.")))


def _spoken_web(match: re.Match[str], _: str) -> list[Found]:
    words, top = match["host"].lower().split(), match["top"].lower()
    hosts = {_joined(" ".join(words[start:])) for start in range(len(words))}
    return found(*(("web", f"{host.removeprefix('www.')}.{top}") for host in hosts))


def _joined(spoken: str) -> str:
    return spoken.lower().replace(" dot ", ".").replace(" ", "")


def _phone(match: re.Match[str], _: str) -> list[Found] | None:
    digits = re.sub(r"\D", "", match[0])
    if len(digits) >= _SHORTEST_PHONE:
        return found(("phone", digits))
    return None


def _digit_by_digit(match: re.Match[str], _: str) -> list[Found]:
    value = number(re.sub(r"\D", "", match[0]))
    return found(("num", value), ("any", value), value=value)


ADDRESS_RULES = (
    rule(Kind.EMAIL, r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", _email),
    rule(
        Kind.EMAIL,
        r"(?<![\w-])(?P<user>[\w-]+(?: dot [\w-]+){0,3}) at (?P<host>[\w-]+(?: [\w-]+){0,4}?) "
        r"dot (?P<top>[a-z]{2,7})\b",
        _spoken_email,
    ),
    rule(
        Kind.WEB,
        rf"(?<![\w.-])(?:https?://)?(?P<host>[\w-]+(?:\.[\w-]+){{0,5}}\.(?:{_TOP_DOMAINS}))\b(?:/[\w/-]*)?",
        _web,
    ),
    rule(Kind.WEB, rf"(?<![\w-])(?P<host>[\w-]+(?: [\w-]+){{0,3}}?) dot (?P<top>{_TOP_DOMAINS})\b", _spoken_web),
)
"""First of all: an address contains numbers and names."""

PHONE_RULES = (rule(Kind.PHONE, r"(?<![\w$€£.:])\+?\(?\d(?:(?:[().\s-]|, ){0,3}\d){6,}(?![\w:])", _phone),)
"""After the dates."""

DIGIT_RULES = (rule(Kind.NUMBER, r"(?<![\w.,:])\d(?:[ -]\d){2,}(?![\w:])", _digit_by_digit),)
"""After the rooms."""
