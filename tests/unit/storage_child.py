"""A process that works on a database and is killed at a given step, or between two halves of a write.

It reads `WORK DIRECTORY STEP LIMIT` line by line and forks a life for each, because importing takes longer than the
life. A step is an event of Python's audit hooks that concerns a file; after STEP of them the life kills itself. With a
LIMIT, the system kills it when it makes a file longer than so many bytes (SIGXFSZ). It answers with the exit status.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage.backup import back_up
from appliance.storage.key import read_key_file
from appliance.storage.opening import database_key, keyring
from appliance.storage.restore import restore
from appliance.storage.rotation import encrypt, rekey_file

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
STEPS = ("open", "os.", "tempfile.", "shutil.", "sqlite3.")


def work(name: str, storage: StorageConfig) -> None:
    """Do one of the things that must not be hurt by being cut off."""
    if name == "encrypt":
        encrypt(storage, read_key_file(storage.key_path))
    elif name == "rekey":
        rekey_file(storage)
    elif name == "backup":
        back_up(storage, database_key(storage, {}), None, NOW, storage.backups, keep=2)
    elif name == "restore":
        restore(next(storage.backups.glob("*.backup")), storage, keyring(storage, {}), NOW)
    else:
        raise ValueError(name)


def live(name: str, directory: str, step: int, limit: int) -> None:
    left = step

    def count(event: str, _: object) -> None:
        nonlocal left
        if event.startswith(STEPS):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.addaudithook(count)
    work(name, StorageConfig(directory=Path(directory)))


def main() -> None:
    for line in sys.stdin:
        name, directory, step, limit = line.split()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                live(name, directory, int(step), int(limit))
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
