"""What is said at any desk and wants no task: the counter-examples that every site has.

`small_talk.txt` has them, one a line: greetings, questions about the house, chatter, advice that is sought, what others
did, what was done already, what no desk does, words to a machine, rudeness. Their vectors lie beside them, since it
takes seconds to embed them: `python -m appliance.app.small_talk` writes them anew when a line has changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

VECTORS: Final = Path(__file__).with_suffix(".npz")
_TEXTS: Final = Path(__file__).with_suffix(".txt")


def small_talk() -> list[str]:
    """Return the sentences."""
    lines = _TEXTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
