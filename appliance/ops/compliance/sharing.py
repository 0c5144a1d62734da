"""Who receives data: people by channels, other systems by tools, and what the network lets through."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from appliance.config.handover import ChannelConfig, CommandConfig, EmailConfig, WebhookConfig
from appliance.config.problems import masked
from appliance.config.tools import ToolConfig
from appliance.ops.compliance.document import Chapter, Table, Text
from appliance.ops.compliance.facts import Facts
from appliance.ops.compliance.language import Words
from appliance.ops.compliance.processing import asked_for

Row = tuple[str, str, str, str]


def recipients(facts: Facts, words: Words) -> Chapter:
    """Say who receives what, how and where."""
    config = facts.config
    rows = [*(_channel(each, words) for each in config.handover.channels), *_tools(facts, words)]
    header = [words(f"recipients.{key}") for key in ("name", "how", "where", "gets")]
    table = Table(header, rows) if rows else Text(words("recipients.nobody"))
    blocks = [Text(words("recipients.intro")), table, *(Text(text) for text in _network(facts, words))]
    if rows:
        blocks.append(Text(words("recipients.transfer")))
    return Chapter("recipients", words("recipients"), blocks)


def unencrypted(facts: Facts, words: Words) -> list[str]:
    """Return the recipients that are reached in clear over a network, which somebody has allowed."""
    channels = [each for each in facts.config.handover.channels if isinstance(each, WebhookConfig) and each.insecure]
    tools = [each for each in facts.config.tools if each.http is not None and each.http.insecure]
    named = [words("recipients.channel", name=each.name) for each in channels]
    return named + [words("recipients.tool", name=each.name) for each in tools]


def _channel(channel: ChannelConfig, words: Words) -> Row:
    match channel:
        case WebhookConfig():
            where = host(channel.url)
        case EmailConfig():
            where = f"{', '.join(channel.recipients)} ({channel.host})"
        case CommandConfig():
            where = channel.argv[0]
    name, gets = words("recipients.channel", name=channel.name), words("recipients.channel.gets")
    return name, words(f"how.{channel.kind}"), where, gets


def _tools(facts: Facts, words: Words) -> Iterator[Row]:
    for tool in facts.config.tools:
        reached = _reached(tool, words)
        if reached is not None:
            gets = asked_for(tool, words) if tool.parameters else words("recipients.nothing")
            yield words("recipients.tool", name=tool.name), *reached, gets


def _reached(tool: ToolConfig, words: Words) -> tuple[str, str] | None:
    if tool.http is not None:
        return words("how.http", method=tool.http.method.value), host(tool.http.url)
    if tool.sql is not None:
        return words("how.sql"), masked(tool.sql.database)
    if tool.command is not None:
        return words("how.command"), tool.command.argv[0]
    if tool.python is not None:
        return words("how.python"), tool.python.entry_point
    return None


def host(url: str) -> str:
    """Return scheme and host of an address; its path and query may hold keys."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return masked(url).partition("?")[0]
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else masked(url).partition("?")[0]


def _network(facts: Facts, words: Words) -> Iterator[str]:
    config = facts.config
    if config.network.allow:
        yield words("recipients.allow", hosts=", ".join(config.network.allow))
    else:
        yield words("recipients.allow.nothing")
    if config.models.mirror is not None:
        yield words("recipients.mirror", mirror=masked(config.models.mirror))
    yield words("recipients.offline" if config.models.offline else "recipients.models")
    if config.monitoring.tracing_endpoint is not None:
        yield words("recipients.tracing", endpoint=config.monitoring.tracing_endpoint)
    if config.monitoring.http_port is not None:
        yield words("recipients.monitoring", port=config.monitoring.http_port)
