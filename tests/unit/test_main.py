"""The command as a user calls it who may not read what it needs."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.__main__ import main
from tests.unit.users import without_rights


def test_a_file_of_another_user_is_named_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory() as name:  # the folders of pytest are closed to everybody else
        folder = Path(name, "state")
        folder.mkdir(mode=0o700)
        config = Path(name, "config.yaml")
        config.write_text(f"storage:\n  directory: {folder}\n", encoding="utf-8")
        config.chmod(0o644)
        monkeypatch.setattr(sys, "argv", ["appliance", "audit", "verify", "--config", str(config)])
        with pytest.raises(SystemExit):
            main()  # imports what the user without rights could not
        capsys.readouterr()
        folder.chmod(0)
        with without_rights(Path(name), folder), pytest.raises(SystemExit) as ended:
            main()
        folder.chmod(0o700)
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert told.startswith(f"error: {folder}")
    assert "Permission denied" in told
    assert "sudo -u appliance" in told
