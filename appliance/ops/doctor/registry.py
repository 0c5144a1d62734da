"""The checks, in the order in which they run: what breaks the most comes first."""

from __future__ import annotations

from typing import Final

from appliance.ops.doctor import (
    audit,
    clock,
    config,
    cpu,
    daemon,
    database,
    devices,
    disk,
    gpu,
    hashes,
    knowledge,
    levels,
    llama,
    memory,
    models,
    network,
    outbox,
    permissions,
    ports,
    privacy,
    secrets,
    sound_server,
    systemd,
    timezone,
    tools,
    versions,
)
from appliance.ops.doctor.runner import Check, Group

_CONFIGURATION: Final = (
    Check(name=config.NAME, group=Group.CONFIGURATION, about="every mistake, with its place", look=config.check),
    Check(name=privacy.NAME, group=Group.CONFIGURATION, about="settings that weaken something", look=privacy.check),
    Check(name=secrets.NAME, group=Group.CONFIGURATION, about="whether those that are named exist", look=secrets.check),
    Check(name=permissions.NAME, group=Group.CONFIGURATION, about="who can read and change", look=permissions.check),
    Check(name=tools.NAME, group=Group.CONFIGURATION, about="declared tools and forms", look=tools.check),
    Check(name=knowledge.NAME, group=Group.CONFIGURATION, about="the site's files", look=knowledge.check),
)
_MACHINE: Final = (
    Check(name=cpu.NAME, group=Group.MACHINE, about="instructions, cores, threads, governor", look=cpu.check),
    Check(name=memory.NAME, group=Group.MACHINE, about="against what the models take", look=memory.check),
    Check(name=gpu.NAME, group=Group.MACHINE, about="driver, CUDA, video memory", look=gpu.check),
    Check(name=disk.NAME, group=Group.MACHINE, about="room, inodes, whether it can be written", look=disk.check),
    Check(name=clock.NAME, group=Group.MACHINE, about="kept by the network, and believable", look=clock.check),
    Check(name=timezone.NAME, group=Group.MACHINE, about="configured and of the machine", look=timezone.check),
    Check(name=versions.NAME, group=Group.MACHINE, about="Python and libraries against the lock", look=versions.check),
)
_MODELS: Final = (
    Check(name=models.NAME, group=Group.MODELS, about="files and licences", look=models.check),
    Check(name=hashes.NAME, group=Group.MODELS, about="every byte of the files", look=hashes.check, slow=True),
    Check(
        name=llama.NAME, group=Group.MODELS, about="one token from the compiled library", look=llama.check, slow=True
    ),
)
_SOUND: Final = (
    Check(name=sound_server.NAME, group=Group.SOUND, about="PipeWire, PulseAudio or ALSA", look=sound_server.check),
    Check(name=devices.NAME, group=Group.SOUND, about="microphone and loudspeaker", look=devices.check),
    Check(name=levels.NAME, group=Group.SOUND, about="half a second of the microphone", look=levels.check, slow=True),
)
_DATA: Final = (
    Check(name=database.NAME, group=Group.DATA, about="whole, encrypted, backed up", look=database.check),
    Check(name=audit.NAME, group=Group.DATA, about="chain, signatures, key", look=audit.check),
    Check(name=outbox.NAME, group=Group.DATA, about="what waits to reach people", look=outbox.check),
)
_REST: Final = (
    Check(name=network.NAME, group=Group.NETWORK, about="network.allow, and the unit's", look=network.check),
    Check(name=ports.NAME, group=Group.NETWORK, about="free, or the daemon's own", look=ports.check),
    Check(name=systemd.NAME, group=Group.SERVICE, about="unit, timers, watchdog, drop-ins", look=systemd.check),
    Check(name=daemon.NAME, group=Group.SERVICE, about="what it says of itself", look=daemon.check),
)

CHECKS: Final = (*_CONFIGURATION, *_MACHINE, *_MODELS, *_SOUND, *_DATA, *_REST)
