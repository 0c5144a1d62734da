"""Settings that are allowed and weaken what the appliance promises: each is named, with what it means."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from appliance.config.consent import ConsentMode
from appliance.config.handover import WebhookConfig
from appliance.config.models import Config
from appliance.config.network import NetworkConfig
from appliance.config.storage import Encryption
from appliance.models.catalogue import load_catalogue
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "settings"


async def check(context: Context) -> list[Finding]:
    """Name every setting that somebody should have a reason for."""
    found = [Finding.warn(NAME, what, remedy) for what, remedy in (*_kept(context.config), *_open(context.config))]
    return found or [Finding.ok(NAME, "No setting weakens privacy, security or interrupting.")]


def _kept(config: Config) -> Iterator[tuple[str, str]]:
    """Yield what and remedy of settings about what is written down."""
    if config.log.transcripts:
        yield "log.transcripts is true: what people say goes into the log.", "Set it to false outside of tests."
    if not config.redaction.enabled:
        yield "redaction.enabled is false: card numbers, names and telephone numbers are kept.", "Set it to true."
    elif not (config.redaction.names and config.redaction.dates_of_birth and config.redaction.kinds):
        yield "Some kinds of personal data are not redacted (section redaction).", "Turn them on unless you need them."
    if config.storage.encryption is Encryption.OFF:
        remedy = "Set it to auto, then `appliance storage new-key` and `appliance storage encrypt`."
        yield "storage.encryption is off: whoever takes the disk can read what is kept.", remedy
    if not config.audit.enabled:
        yield "audit.enabled is false: nothing proves what was done.", "Set it to true."
    if config.retention.audio.keep:
        remedy = "Set retention.audio.keep to false unless recordings are needed."
        yield f"retention.audio.keep is true: voices are recorded for {config.retention.audio.days:g} days.", remedy
    if config.consent.mode is ConsentMode.NONE and config.retention.transcript.keep:
        what = "consent.mode is none, so that transcripts are not kept although retention.transcript.keep is true."
        yield what, "Set consent.mode to notice or ask, or retention.transcript.keep to false, so that it is plain."


def _open(config: Config) -> Iterator[tuple[str, str]]:
    """Yield what and remedy of settings about the network and the sound."""
    for channel in config.handover.channels:
        if isinstance(channel, WebhookConfig) and channel.insecure and _is_bare(channel.url):
            yield (
                f"The channel {channel.name} sends over http://, which others can read.",
                "Give it an https:// address.",
            )
    for tool in config.tools:
        if tool.http is not None and tool.http.insecure and _is_bare(tool.http.url):
            yield f"The tool {tool.name} asks over http://, which others can read.", "Give it an https:// address."
    if not config.audio.echo_cancellation:
        what = "audio.echo_cancellation is false: with a loudspeaker it hears and interrupts itself."
        yield what, "Set it to true unless people use headphones."
    if config.network.allow_private:
        remedy = "List the networks in network.allow instead."
        yield "network.allow_private is true: names may lead to any private address.", remedy
    known = {model.id for model in load_catalogue().models}
    for name in filter(None, (config.stt.model, config.llm.model, config.tts.voice)):
        if name not in known:
            yield f"The model {name} is not in the catalogue.", "`appliance models list` shows those that are."


def _is_bare(url: str) -> bool:
    """Tell whether an address is http:// to another machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and not NetworkConfig().lists(parts.hostname or "", None)
