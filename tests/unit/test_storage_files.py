"""Files that root makes belong to the service whose folder they are in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appliance.storage.files import write_whole
from appliance.storage.lock import using


def test_what_is_written_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    service = 65_534 if os.geteuid() == 0 else os.geteuid()
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, service, -1)
    write_whole(folder / "audit.key", b"secret")
    with using(folder / "appliance.db"):
        owners = {path.name: path.stat().st_uid for path in folder.iterdir()}
    assert set(owners.values()) == {service}, owners
    assert len(owners) == 2
    assert stat.S_IMODE((folder / "audit.key").stat().st_mode) == 0o600
