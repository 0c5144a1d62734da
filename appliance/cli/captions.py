"""What a person at the terminal sees of a conversation: captions, and where the milliseconds of each turn went."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from appliance.ops.records import TurnRecord

WIDTH = 36
GOAL_MS = 800
STAGES = {
    "transcript": "words understood",
    "end_of_turn": "end of turn decided",
    "first_token": "first token",
    "first_clause": "first clause written",
    "first_audio": "first sound",
}


def show_turn(console: Console, record: TurnRecord, person: str, assistant: str) -> None:
    """Print one turn with its waterfall."""
    said = escape(record.user_text) or f"[dim]({record.rejected or 'nothing was understood'})[/dim]"
    console.print(f"[bold cyan]{person}[/]  {said}")
    answer = escape(record.heard or record.assistant_text) or "[dim](no answer)[/dim]"
    cut = " [yellow]— interrupted[/]" if record.interrupted else ""
    console.print(f"[bold green]{escape(assistant)}[/]  {answer}{cut}")
    for error in record.errors:
        console.print(f"[red]     {escape(error)}[/]")
    for line in waterfall(record):
        console.print(f"[dim]     {line}[/dim]", highlight=False)
    console.print()


def waterfall(record: TurnRecord) -> list[str]:
    """Return a line a stage: its bar begins where the stage before it was reached."""
    reached = {name: value for name, value in asdict(record.ms).items() if name in STAGES and value is not None}
    if not reached:
        return []
    scale = WIDTH / max(*reached.values(), GOAL_MS)
    lines, before = [], 0.0
    for name, value in sorted(reached.items(), key=lambda item: item[1]):
        start, end = round(max(before, 0) * scale), round(max(value, 0) * scale)
        bar = " " * start + "█" * max(end - start, 1)
        lines.append(f"{STAGES[name]:<21}{bar:<{WIDTH + 1}}{value:6.0f} ms")
        before = value
    if record.ms.barge_in_stop is not None:
        lines.append(f"silent {record.ms.barge_in_stop:.0f} ms after the person cut in")
    return lines
