"""What the report says, as far as this machine knows it: configuration, models, key and backups."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance import __version__
from appliance.clock import Clock
from appliance.config.load import LoadedConfig
from appliance.config.models import Config
from appliance.config.problems import dotted
from appliance.config.show import Setting, settings_in_effect
from appliance.config.storage import Encryption, StorageConfig
from appliance.models.catalogue import Catalogue, Model, Role
from appliance.models.licences import licence_warning
from appliance.models.profiles import nvidia_vram_mib, resolve
from appliance.ops.gauges import config_sha256
from appliance.storage.backup import backups
from appliance.storage.copying import is_plain
from appliance.storage.errors import explaining
from appliance.storage.key import CREDENTIAL, FOLDER_VARIABLE, KEY_VARIABLE


class KeyOrigin(StrEnum):
    """Where the key of the database comes from."""

    CREDENTIAL = "credential"
    ENVIRONMENT = "environment"
    FILE = "file"
    UNSEEN = "unseen"
    """Not from where whoever makes the report can see: usually a credential that only the service gets."""


class Sealed(StrEnum):
    """How what is kept lies on the disk."""

    YES = "yes"
    NO = "no"
    NOTHING_YET = "nothing_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the report is made of."""

    config: Config
    changed: Sequence[Setting]
    """Settings that were given and are not the default's."""
    models: Mapping[Role, Model]
    doubtful: frozenset[str]
    """Models whose licence does not clearly allow commercial use."""
    key_origin: KeyOrigin
    sealed: Sealed
    backups: Sequence[Path]
    version: str
    config_sha256: str
    made_at: str
    """ISO 8601, in the zone of the site."""


def gather(loaded: LoadedConfig, catalogue: Catalogue, clock: Clock, environ: Mapping[str, str] = os.environ) -> Facts:
    """Look at the configuration and at what it names on this machine; no key is read. Raises ApplianceError."""
    config = loaded.config
    models = resolve(config, catalogue, nvidia_vram_mib)
    return Facts(
        config=config,
        changed=changed_settings(loaded),
        models=models,
        doubtful=frozenset(model.id for model in models.values() if licence_warning(model, catalogue)),
        key_origin=_key_origin(config.storage, environ),
        sealed=_sealed(config.storage),
        backups=backups(config.storage.backups),
        version=__version__,
        config_sha256=config_sha256(config),
        made_at=clock.local_time(config.site.timezone).isoformat(timespec="seconds"),
    )


def changed_settings(loaded: LoadedConfig) -> list[Setting]:
    """Return the settings that were given and differ from their defaults."""
    defaults = {dotted(each.path): each.value for each in settings_in_effect(Config(), {})}
    given = (each for each in settings_in_effect(loaded.config, loaded.places) if each.place is not None)
    return [each for each in given if each.value != defaults[dotted(each.path)]]


def _key_origin(storage: StorageConfig, environ: Mapping[str, str]) -> KeyOrigin:
    """Look where `appliance.storage.key.find_key` does, in its order."""
    folder = environ.get(FOLDER_VARIABLE)
    if folder and (Path(folder) / CREDENTIAL).exists():
        return KeyOrigin.CREDENTIAL
    if environ.get(KEY_VARIABLE):
        return KeyOrigin.ENVIRONMENT
    return KeyOrigin.FILE if storage.key_path.exists() else KeyOrigin.UNSEEN


def _sealed(storage: StorageConfig) -> Sealed:
    with explaining(storage.database):
        if storage.database.exists():
            return Sealed.NO if is_plain(storage.database) else Sealed.YES
    return Sealed.NO if storage.encryption is Encryption.OFF else Sealed.NOTHING_YET
