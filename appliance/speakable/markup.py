# ruff: noqa: RUF001 - the ambiguous characters are what this module replaces
"""Typography and Markdown: what is seen but never said."""

from __future__ import annotations

import html
import re
import unicodedata

from appliance.speakable.passage import Rule, rewrite

_TYPOGRAPHY = str.maketrans(
    {
        "‘": "'", "’": "'", "‛": "'", "´": "'", "‐": "-", "‑": "-", "−": "-", "‒": "–", "―": "—", "⁄": "/", "∕": "/",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "…": "...", "×": " x ", "№": "No. ", "℃": "°C", "℉": "°F", "º": "°", "•": "-", "‣": "-", "·": "-", "½": " 1/2",
        "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "⅛": " 1/8", "⅜": " 3/8", "⅝": " 5/8", "⅞": " 7/8",
        "\u2028": "\n", "\u2029": "\n", "\r": "\n",
    }
)  # fmt: skip


def _plain_character(match: re.Match[str]) -> str:
    char = match[0]
    known = char.translate(_TYPOGRAPHY)
    if known != char:
        return known
    if char == "°":
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Sk", "So"} or char == "\ufe0f":
        return ""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKC", char)
    return "".join(each for each in plain if each.isascii() or unicodedata.category(each)[0] in "LMPS")


MARKUP_RULES: tuple[Rule, ...] = (
    rewrite(r"[^\x20-\x7e\n]", _plain_character),
    rewrite(
        r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|[a-z]{2,6});",
        lambda m: "".join(c for c in html.unescape(m[0]) if c.isascii()),
    ),
    rewrite(r"^[ ]*(?:```|~~~)[^\n`]*$", ""),
    rewrite(r"^[ |:+-]*-{2,}[ |:+-]*$|^[ ]*[*_=]{3,}[ ]*$", ""),
    rewrite(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>\n]*)?/?>", " "),
    rewrite(r"!?\[(?=[^\]\n]*\]\()|\]\([^)\n]*\)?", ""),
    rewrite(r"^[ ]*(?:>[ ]*)+", ""),
    rewrite(r"^[ ]*(?:[-*+][ ]+)+(?:\[[ xX]\][ ]+)?", ""),
    rewrite(r"^[ ]*#{1,6}[ ]+", ""),
    rewrite(r"^(?P<item>[ ]*\d{1,3})[.)][ ]+(?=\S)", lambda m: f"{m['item']}, "),
    rewrite(r"(?<!\S)[:;]-?[()DPp|](?!\S)", ""),
    rewrite(r"\*\*+|__+|~~+|`+", ""),
    rewrite(r"(?<=\w)_(?=\w)(?![^\s]*[@/])", " "),
    rewrite(r"(?<![\d\s])\*|\*(?![\s\d])|(?<!\w)_|_(?!\w)", ""),
    rewrite(r"(?<=[\w)\"'%])[ |]*\n[\s|]*(?=\S)", ", "),
    rewrite(r"\s*\n\s*", " "),
    rewrite(r"\.{2,}(?=\s*\w)", ", "),
    rewrite(r"\.{2,}", "."),
    rewrite(r"(?<=\w)\s*\|\s*(?=\w)", ", "),
)
