"""The channels of a configuration."""

from __future__ import annotations

from appliance.config.handover import CommandConfig, EmailConfig, HandoverConfig
from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.handover.command import CommandChannel
from appliance.handover.message import Channel
from appliance.handover.secrets import Secret
from appliance.handover.smtp import EmailChannel
from appliance.handover.webhook import WebhookChannel


def build_channels(config: HandoverConfig, secret: Secret, policy: Policy = LOOPBACK_ONLY) -> dict[str, Channel]:
    """Return the configured channels by name, which reach only what `policy` allows.

    Nothing is opened, and no secret is read, before something is sent.
    """
    channels: dict[str, Channel] = {}
    for each in config.channels:
        if isinstance(each, CommandConfig):
            channels[each.name] = CommandChannel(each, secret)
        elif isinstance(each, EmailConfig):
            channels[each.name] = EmailChannel(each, secret, policy)
        else:
            channels[each.name] = WebhookChannel(each, secret, policy)
    return channels
