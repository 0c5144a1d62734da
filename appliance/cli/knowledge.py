"""`appliance knowledge`: what is known about the site, what is found for a question, what should be put right."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.cli.options import AsJson, ConfigFile
from appliance.config.knowledge import KnowledgeConfig
from appliance.config.load import load
from appliance.knowledge.index import Hit, KnowledgeIndex
from appliance.knowledge.load import MAX_WORDS, Knowledge, load_knowledge
from appliance.knowledge.passage import KnowledgeError, Passage, Problem

app = typer.Typer(no_args_is_help=True, help="What the appliance knows about its site, and what it finds.")

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or another program."""

Folder = Annotated[
    Path | None,
    typer.Option("--directory", metavar="FOLDER", help="A folder of .md files to try, instead of the configured one."),
]


@app.command("list", epilog="Examples: appliance knowledge list · appliance knowledge list --directory drafts")
def list_passages(directory: Folder = None, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Show every passage with the file and line it comes from."""
    _, knowledge = _open(config_file, directory)
    if as_json:
        print(json.dumps([_passage_as_json(passage) for passage in knowledge.passages], indent=2, ensure_ascii=False))
        return
    rows = [(passage.source, passage.title, passage.text) for passage in knowledge.passages]
    _print_table(["source", "title", "passage"], rows)
    _warn(knowledge.problems)


@app.command(epilog='Example: appliance knowledge search "where can I park"')
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What a person might say.")],
    limit: Annotated[int | None, typer.Option("--limit", min=1, max=100, help="How many; else as configured.")] = None,
    *,
    directory: Folder = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Show the passages found for TEXT by their words, how well each fits, and which words it covers."""
    settings, knowledge = _open(config_file, directory)
    index = KnowledgeIndex(knowledge.passages, synonyms=settings.synonyms)
    hits = index.search(text, limit or settings.passages)
    if as_json:
        print(json.dumps([_hit_as_json(hit) for hit in hits], indent=2, ensure_ascii=False))
        return
    if not hits:
        print("Nothing is known about this.")
        return
    _print_table(["score", "covered", "missing", "source", "passage"], [_row(hit) for hit in hits])


@app.command(epilog="Example: appliance knowledge check")
def check(directory: Folder = None, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """List what should be put right in the files; exit status 3 if there is anything."""
    _, knowledge = _open(config_file, directory)
    problems = [*knowledge.problems, *_too_long(knowledge.passages), *_said_twice(knowledge.passages)]
    if as_json:
        found = [{"source": problem.source, "message": problem.message} for problem in problems]
        counted = {"passages": len(knowledge.passages), "problems": found}
        print(json.dumps(counted, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"{len(knowledge.passages)} passages, {len(problems)} problems")
    if problems:
        raise typer.Exit(KnowledgeError.exit_status)


def _open(config_file: Path | None, directory: Path | None) -> tuple[KnowledgeConfig, Knowledge]:
    config = load(config_file)
    settings = config.knowledge
    folder = settings.directory if directory is None else directory
    return settings, load_knowledge(folder, config.site.facts)


def _too_long(passages: Sequence[Passage]) -> Iterator[Problem]:
    for passage in passages:
        words = len(passage.text.split())
        if words > MAX_WORDS:
            message = f"this sentence has {words} words; cut it, {MAX_WORDS} are read and spoken well"
            yield Problem(source=passage.source, message=message)


def _said_twice(passages: Sequence[Passage]) -> Iterator[Problem]:
    places: dict[str, list[str]] = defaultdict(list)
    for passage in passages:
        words = "".join(char if char.isalnum() else " " for char in passage.text.lower()).split()
        places[" ".join(words)].append(passage.source)
    for first, *others in places.values():
        for other in others:
            yield Problem(source=other, message=f"this says the same as {first}")


def _row(hit: Hit) -> tuple[str, ...]:
    covered, missing = " ".join(sorted(hit.covered)), " ".join(sorted(hit.missing))
    return (f"{hit.score:.2f}", covered, missing, hit.passage.source, hit.passage.text)


def _passage_as_json(passage: Passage) -> dict[str, Any]:
    return {"id": passage.id, "source": passage.source, "title": passage.title, "text": passage.text}


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    return {
        "score": round(hit.score, 4),
        "covered": sorted(hit.covered),
        "missing": sorted(hit.missing),
        "passage": _passage_as_json(hit.passage),
    }


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH).print(table)


def _warn(problems: Sequence[Problem]) -> None:
    for problem in problems:
        typer.echo(f"Warning: {problem}", err=True)
