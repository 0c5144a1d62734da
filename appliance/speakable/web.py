"""E-mail addresses, web addresses, file names, handles and hashtags."""

from __future__ import annotations

import re

from appliance.speakable.letters import spell
from appliance.speakable.numbers import digits
from appliance.speakable.passage import Rule, rule

_SAID_AS_WORDS = frozenset(
    {"aero", "biz", "com", "coop", "dev", "edu", "gov", "info", "jobs", "mil", "mobi", "net", "org"}
)
_PLAIN_DOMAINS = (
    "com|org|net|edu|gov|info|biz|mil|int|app|dev|io|ai|tv|co|de|uk|fr|es|nl|ch|eu|br|pt|pl|se|dk|jp|cn|ca|au|nz|ie|mx"
    "|health|clinic|care|hotel|hospital|museum|library|online|shop"
)
_FILES = "pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|txt|csv|html?|json|ya?ml|mp3|mp4|wav|py|sh|zip"
_SYMBOLS = {
    ".": "dot",
    "-": "dash",
    "_": "underscore",
    "/": "slash",
    "@": "at",
    "+": "plus",
    "&": "and",
    ":": "colon",
    "~": "tilde",
}
_LONGEST_SPELLED = 3
_PIECE = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")


def _pieces(address: str) -> str:
    return " ".join(_piece(piece) for piece in _PIECE.findall(address))


def _piece(piece: str) -> str:
    if piece.isdecimal():
        return digits(piece)
    if piece.isalpha():
        return spell(piece) if len(piece) == 1 or piece == "www" else piece
    return _SYMBOLS.get(piece, "")


def _label(name: str) -> str:
    if not name.isalpha():
        return _pieces(name)
    return name if name.lower() in _SAID_AS_WORDS or len(name) > _LONGEST_SPELLED else spell(name)


def _domain(host: str) -> str:
    *names, top = host.split(".")
    return " dot ".join([*(_pieces(name) for name in names), _label(top)])


def _email(match: re.Match[str]) -> str:
    return f"{_pieces(match['local'])} at {_domain(match['host'])}"


def _address(match: re.Match[str]) -> str:
    path = (match["path"] or "").rstrip("/")
    return f"{_domain(match['host'])} {_pieces(path)}".strip()


_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+"
_PATH = r"(?P<path>(?:/[\w~%.+-]*[\w~%+-]|/)*)"
_QUERY = r"(?:\?[\w=&%.+-]*[\w=])?(?:#[\w/-]+)?"

WEB_RULES: tuple[Rule, ...] = (
    rule(
        rf"(?<![\w+&@-])(?:mailto:)?(?P<local>[\w+&-]++(?:\.[\w+&-]++)*+)@(?P<host>{_HOST}[a-zA-Z]{{2,}})(?![\w@])",
        _email,
    ),
    rule(
        rf"<?(?<!\w)(?:https?|ftp)://(?P<host>{_HOST}[a-zA-Z]{{2,}}|[a-zA-Z][\w-]*)(?::\d+)?{_PATH}{_QUERY}>?", _address
    ),
    rule(rf"(?<![\w.@-])(?P<host>www\.{_HOST}[a-zA-Z]{{2,}}){_PATH}{_QUERY}", _address),
    rule(rf"(?<![\w.@-])(?P<host>{_HOST}(?:{_PLAIN_DOMAINS}))(?!\w|\.\w|-\w){_PATH}{_QUERY}", _address),
    rule(
        rf"(?<![\w.@-])(?P<name>[\w-]+)\.(?P<kind>{_FILES})(?!\w|\.\w)",
        lambda m: f"{_pieces(m['name'])} dot {_label(m['kind'])}",
    ),
    rule(r"(?<![\w@])@(?=[A-Za-z]\w)", "at"),
    rule(r"(?<![\w#])#(?=[A-Za-z]{2})", "hashtag"),
)
