"""What a person sees while models are fetched."""

from io import StringIO

from rich.console import Console

from appliance.cli.progress import download_progress


def shown(*, terminal: bool) -> str:
    stream = StringIO()
    with download_progress(Console(file=stream, force_terminal=terminal, width=120)) as progress:
        progress.started("tiny", 4000)
        for _ in range(4):
            progress.advanced("tiny", 950)  # a wheel is smaller than what is in it
        progress.note("tiny/[model] is damaged; trying again.")
        progress.finished("tiny", complete=True)
        progress.started("other", 100)
        progress.finished("other", complete=False)
    return stream.getvalue()


def test_a_log_gets_a_line_now_and_then() -> None:
    assert shown(terminal=False).splitlines() == [
        "tiny: fetching 4.0 kB",
        "tiny: 47 %",
        "tiny: 71 %",
        "tiny: 95 %",
        "tiny/[model] is damaged; trying again.",
        "tiny: done",
        "other: fetching 100 B",
        "other: not complete",
    ]


def test_a_terminal_gets_bars_that_end_full_only_when_all_is_there() -> None:
    screen = shown(terminal=True)
    assert "tiny/[model] is damaged; trying again." in screen
    assert "4.0/4.0 kB" in screen
    assert "0/100 bytes" in screen
