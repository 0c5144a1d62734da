"""Copies of this checkout that can become other versions, and places of their own to install them in."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("appliance", "scripts", "systemd", "docs", "config.yaml", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
QUICK = {"UV_COMPILE_BYTECODE": "0", "UV_LINK_MODE": "hardlink"}
"""A real installation compiles and copies, which takes 15 s more."""

OPEN_DATABASE = """
import asyncio, pathlib, sys
from appliance.config.storage import StorageConfig
from appliance.storage.opening import open_database

async def main():
    await (await open_database(StorageConfig(directory=pathlib.Path(sys.argv[1])))).close()

asyncio.run(main())
"""

Done = subprocess.CompletedProcess[str]


def run(*command: str | Path, environment: Mapping[str, str] | None = None) -> Done:
    """Run a command outside of the checkout and return what it said."""
    return subprocess.run(
        command,
        cwd="/",
        env={**os.environ, **QUICK, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def llama_build() -> str:
    """Return the build that the set-up of this checkout has compiled, so that it is in uv's cache."""
    chosen = ROOT / ".cache" / "llama-build"
    return chosen.read_text().strip() if chosen.exists() else "tuned"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of this checkout."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> Checkout:
        """Copy what an installation needs; the models are linked."""
        for part in PARTS:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        shutil.copytree(ROOT / "models", folder / "models", copy_function=os.link)
        return cls(folder)

    def become(self, version: str) -> None:
        """Take another version."""
        old = next(line for line in self._lines("pyproject.toml") if line.startswith("version = "))
        old = old.split('"')[1]
        self.replace("pyproject.toml", f'version = "{old}"', f'version = "{version}"')
        self.replace("appliance/__init__.py", f'"{old}"', f'"{version}"')
        self.replace("uv.lock", f'name = "appliance"\nversion = "{old}"', f'name = "appliance"\nversion = "{version}"')

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a place in a file that has to be there."""
        file = self.folder / name
        text = file.read_text("utf-8")
        assert old in text, f"{old!r} is not in {name}"
        file.write_text(text.replace(old, new, 1), "utf-8")

    def add(self, name: str, text: str) -> None:
        """Write text at the end of a file."""
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def _lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text("utf-8").splitlines()


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to install in."""

    prefix: Path

    def install(self, source: Checkout | Path, *options: str | Path) -> Done:
        """Run the script of a checkout or of an unpacked bundle."""
        folder = source.folder if isinstance(source, Checkout) else source
        chosen = () if "--llama" in options else ("--llama", llama_build())
        return run(folder / "scripts" / "install", "--prefix", self.prefix, *chosen, *options)

    def appliance(self, *arguments: str) -> Done:
        """Run the command that was installed, with the folders of this place."""
        return run(self.prefix / "usr/local/bin/appliance", *arguments, environment=self._environment)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "APPLIANCE_CONFIG": str(self.etc / "config.yaml"),
            "APPLIANCE__STORAGE__DIRECTORY": str(self.state),
            "APPLIANCE__MODELS__DIRECTORY": str(self.state / "models"),
            "CREDENTIALS_DIRECTORY": str(self.etc / "credentials"),
        }

    def open_database(self) -> None:
        """Open the database with the release in use, which makes it and brings its tables up to date."""
        python = self.prefix / "opt/appliance/current/venv/bin/python"
        result = run(python, "-I", "-c", OPEN_DATABASE, self.state, environment=self._environment)
        assert result.returncode == 0, result.stderr

    def copy(self, prefix: Path) -> Place:
        """Return another place with the same content: the program is linked, the rest is copied."""
        prefix.mkdir()
        for folder, how in (("opt", "--link"), ("etc", "--archive"), ("var", "--archive")):
            assert run("cp", "--archive", how, self.prefix / folder, prefix).returncode == 0
        text = (self.prefix / "usr/local/bin/appliance").read_text("utf-8")
        command = prefix / "usr/local/bin/appliance"
        command.parent.mkdir(parents=True)
        command.write_text(text.replace(str(self.prefix), str(prefix)), "utf-8")
        command.chmod(0o755)
        return Place(prefix)

    @property
    def etc(self) -> Path:
        """The folder of the configuration."""
        return self.prefix / "etc/appliance"

    @property
    def state(self) -> Path:
        """The folder of what is kept."""
        return self.prefix / "var/lib/appliance"

    @property
    def releases(self) -> list[str]:
        """The names of the releases that are there."""
        return sorted(path.name for path in (self.prefix / "opt/appliance/releases").iterdir())

    @property
    def in_use(self) -> str:
        """The name of the release in use."""
        return (self.prefix / "opt/appliance/current").resolve().name

    def snapshot(self) -> dict[str, tuple[int, str]]:
        """Return mode and content of every file, but for logs, and a file of locks without content."""
        return {
            str(path.relative_to(self.prefix)): (path.lstat().st_mode, _content(path))
            for path in self.prefix.rglob("*")
            if "venv" not in path.parts and "var/log" not in str(path) and "var/cache" not in str(path)
        }


def _content(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
