"""The report on what left the machine, for an auditor to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.ops.egress_watch import PASSED, EgressReport, Sighting, Verdict

WIDTH = 100
_MEANING = {
    Verdict.NOTHING_LEFT: "Every socket ended in this machine.",
    Verdict.ONLY_LISTED: "Every socket ended in this machine, or at a host that the configuration lists.",
    Verdict.REFUSED: "The guard stopped it before a packet was sent. Find out which part of the program it was.",
    Verdict.LEFT: "Take the appliance off the network, and find out which part of the program it was.",
    Verdict.NO_PROOF: "See what `appliance converse` says to the same recordings, mend that, and watch again.",
}


def as_text(report: EgressReport) -> str:
    """Return the report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: EgressReport) -> Iterator[str]:
    yield "What left the machine during a conversation"
    yield "=" * len("What left the machine during a conversation")
    yield ""
    yield f"Verdict     {'passed' if report.verdict in PASSED else 'NOT PASSED'}: {report.verdict.value}"
    yield f"            {_MEANING[report.verdict]}"
    yield f"When        {report.began:%Y-%m-%d %H:%M:%S} to {report.ended:%H:%M:%S} UTC, appliance {report.version}"
    yield f"Conversation  {report.answered} of {report.turns} turns answered aloud; exit status {report.exit_status}"
    yield f"Command     {' '.join(report.command)}"
    yield f"Programs    {', '.join(report.programs) or 'none seen'}"
    yield f"Allowed     {', '.join(report.allow) or 'nothing but this machine'} (network.allow)"
    yield f"            names may have private addresses: {'yes' if report.allow_private else 'no'}"
    yield ""
    yield "How it was watched"
    yield "  guard   inside: each socket, connection, datagram and look-up of the Python interpreter, before it happens"
    yield f"  /proc   outside: the open sockets of all processes, looked at {report.looks} times"
    if report.traced:
        yield "  strace  outside: every call of the kernel for the network, of native code and child processes too"
    else:
        yield "  strace  is not there or may not be used: what lasted less than 0.1 s in native code was not seen"
    yield ""
    yield from _section("Refused, or not allowed", [each for each in report.sightings if not each.allowed])
    yield from _section("Beyond this machine", [each for each in report.sightings if each.allowed and each.beyond])
    yield from _section("Within this machine", [each for each in report.sightings if each.allowed and not each.beyond])


def _section(title: str, sightings: Iterable[Sighting]) -> Iterator[str]:
    yield title
    listed = [f"  {each.by:<7} {each.times:>6}×  {_shown(each.what)}{_why(each)}" for each in sightings]
    yield from listed or ["  none"]
    yield ""


def _why(sighting: Sighting) -> str:
    return f" ({sighting.reason})" if sighting.beyond or not sighting.allowed else ""


def _shown(text: str) -> str:
    """Return what came from elsewhere without what a terminal would obey, and not too long."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= WIDTH else f"{printable[: WIDTH - 1]}…"
