"""`appliance bench`: what it can do on this machine, in figures."""

from __future__ import annotations

import typer

from appliance.cli.bench import audit, conversation, echo, faults, outbox, redaction, stt, tools, turns

app = typer.Typer(help="Measure latency, recognition, turn taking, echo, tools and the outbox on this machine.")
app.callback(invoke_without_command=True, epilog=conversation.EXAMPLES)(conversation.conversation)
app.command(epilog=turns.EXAMPLES)(turns.turns)
app.command(epilog=stt.EXAMPLES)(stt.stt)
app.command(epilog=echo.EXAMPLES)(echo.echo)
app.command(epilog=outbox.EXAMPLES)(outbox.outbox)
app.command(epilog=tools.EXAMPLES)(tools.tools)
app.command(epilog=redaction.EXAMPLES)(redaction.redaction)
app.command(epilog=audit.EXAMPLES)(audit.audit)
app.command(epilog=faults.EXAMPLES)(faults.faults)
