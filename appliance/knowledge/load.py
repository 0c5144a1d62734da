"""Reads the site's facts and its folder of Markdown files into passages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.knowledge.markdown import parse
from appliance.knowledge.passage import KnowledgeError, Passage, Problem
from appliance.knowledge.sentences import sentences

MAX_WORDS = 60
"""A longer statement is cut between sentences: the model reads about 90 tokens a second, and reads several passages."""
MAX_BYTES = 1 << 20
"""A larger file is not about one site."""
MAX_FILES = 500
MAX_PASSAGES = 5_000
"""Enough for a thick handbook; a search among them still takes a few milliseconds."""

TRAIL = " – "
"""Between the headings of a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All that the site says, and what could not be read or should be put right."""

    passages: tuple[Passage, ...]
    problems: tuple[Problem, ...]


def load_knowledge(directory: Path | None, facts: Sequence[str] = ()) -> Knowledge:
    """Read `facts`, then the files of `directory` in the order of their names, folders within it included.

    A file that cannot be used is left out and reported as a problem.

    Raises:
        KnowledgeError: The folder does not exist, is no folder, or may not be read.
    """
    passages = [passage for number, fact in enumerate(facts, start=1) for passage in _cut(f"facts:{number}", "", fact)]
    problems: list[Problem] = []
    for path in _files(directory, problems) if directory is not None else ():
        name = path.relative_to(directory).as_posix() if directory else path.name
        text = _text_of(path, name, problems)
        if text is not None:
            passages += _passages(text, name, problems)
    if len(passages) > MAX_PASSAGES:
        message = f"there are {len(passages)} passages, and only the first {MAX_PASSAGES} are used"
        problems.append(Problem(source=str(directory), message=message))
    return Knowledge(passages=tuple(passages[:MAX_PASSAGES]), problems=tuple(problems))


def markdown_files(directory: Path) -> list[Path]:
    """Return the paths in a folder that end with .md, hidden ones left out, in the order of their names."""
    found = directory.rglob("*.[mM][dD]")
    return sorted(path for path in found if not _hidden(path.relative_to(directory)))


def _files(directory: Path, problems: list[Problem]) -> list[Path]:
    try:
        within = directory.resolve(strict=True)
        if not within.is_dir():
            raise NotADirectoryError
        next(within.iterdir(), None)
        found = markdown_files(directory)
    except OSError as error:
        raise _unreadable(directory, error) from error
    if not found:
        problems.append(Problem(source=str(directory), message="there is no file that ends with .md in this folder"))
    if len(found) > MAX_FILES:
        message = f"there are {len(found)} files, and only the first {MAX_FILES} are read"
        problems.append(Problem(source=str(directory), message=message))
    return [path for path in found[:MAX_FILES] if _stays(path, directory, within, problems)]


def _unreadable(directory: Path, error: OSError) -> KnowledgeError:
    remedy = "Set knowledge.directory to a folder with .md files, or to null."
    match error:
        case FileNotFoundError():
            return KnowledgeError(f"The folder of knowledge {directory} does not exist.", remedy=remedy)
        case NotADirectoryError():
            return KnowledgeError(f"The folder of knowledge {directory} is not a folder.", remedy=remedy)
        case _:
            reason = error.strerror or str(error)
            return KnowledgeError(
                f"The folder of knowledge {directory} cannot be read: {reason}.",
                remedy="Let the user who runs the appliance read it.",
            )


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _stays(path: Path, directory: Path, within: Path, problems: list[Problem]) -> bool:
    """Tell whether a path is a file in the folder; a link must not make other files of the machine public."""
    name = path.relative_to(directory).as_posix()
    try:
        inside = path.resolve(strict=True).is_relative_to(within)
    except (OSError, RuntimeError):
        problems.append(Problem(source=name, message="this link leads nowhere"))
        return False
    if not inside:
        problems.append(Problem(source=name, message="this link leads out of the folder, so it is not read"))
    elif not path.is_file():
        problems.append(Problem(source=name, message="this is not a file, so it is not read"))
    return inside and path.is_file()


def _text_of(path: Path, name: str, problems: list[Problem]) -> str | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) <= MAX_BYTES:
            return unicodedata.normalize("NFC", content.decode("utf-8-sig")).replace("\0", " ")
        message = f"this file is larger than {MAX_BYTES >> 10} KiB, so it is not read; cut it into several"
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"this file is not UTF-8 (line {line}), so it is not read; save it as UTF-8"
    except OSError as error:
        message = f"this file cannot be read: {error.strerror or error}"
    problems.append(Problem(source=name, message=message))
    return None


def _passages(text: str, name: str, problems: list[Problem]) -> Iterator[Passage]:
    document = parse(text, name)
    problems += document.problems
    if not document.statements:
        problems.append(Problem(source=name, message="this file says nothing"))
    named_after = Path(name).stem.replace("-", " ").replace("_", " ").capitalize()
    for statement in document.statements:
        title = TRAIL.join(statement.headings) or named_after
        yield from _cut(f"{name}:{statement.line}", title, statement.text)


def _cut(source: str, title: str, text: str) -> Iterator[Passage]:
    """Yield a statement in parts of whole sentences, each within `MAX_WORDS` where a sentence is."""
    parts: list[str] = []
    for sentence in sentences(" ".join(text.split())):
        together = f"{parts[-1]} {sentence.text}" if parts else sentence.text
        if parts and len(together.split()) <= MAX_WORDS:
            parts[-1] = together
        else:
            parts.append(sentence.text)
    for number, part in enumerate(parts, start=1):
        yield Passage(id=source if number == 1 else f"{source}.{number}", title=title, text=part, source=source)
