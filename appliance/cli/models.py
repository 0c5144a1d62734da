"""`appliance models`: which models there are, bring them here, check them, find them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.progress import download_progress
from appliance.config.load import load
from appliance.config.models import Config, Profile
from appliance.errors import ApplianceError
from appliance.models.catalogue import Catalogue, Model, Role, load_catalogue
from appliance.models.fetch import Fetched, ensure
from appliance.models.licences import licence_warning
from appliance.models.profiles import resolve
from appliance.models.sources import configured_sources
from appliance.models.space import readable_size
from appliance.models.verify import FETCH_REMEDY, Finding, check, locate, unfit

app = typer.Typer(no_args_is_help=True, help="Which models there are; bring them here, check them, find them.")

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or another program."""

File = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration; else $APPLIANCE_CONFIG, ./config.yaml, /etc/appliance/config.yaml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Models; else those the configuration uses.")]
ForProfile = Annotated[
    Profile | None, typer.Option("--profile", help="The models of this profile instead of the configured.")
]


@dataclass(frozen=True, slots=True)
class _Site:
    """What every command starts from."""

    config: Config
    catalogue: Catalogue

    @property
    def directory(self) -> Path:
        return self.config.models.directory

    def in_use(self) -> dict[Role, Model]:
        return resolve(self.config, self.catalogue)

    def chosen(self, ids: Sequence[str] | None) -> list[Model]:
        if ids:
            return [self.catalogue.find(model_id) for model_id in ids]
        return list(self.in_use().values())


def _open_site(file: Path | None, profile: Profile | None = None) -> _Site:
    config = load(file)
    if profile is not None:
        config = config.model_copy(update={"models": config.models.model_copy(update={"profile": profile})})
    return _Site(config, load_catalogue())


@app.command("list", epilog="Example: appliance models list --kind tts")
def list_models(
    kind: Annotated[Role | None, typer.Option("--kind", help="Only models of this kind.")] = None,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Show every model of the catalogue with its licence, whether it is here, and whether it is in use."""
    site = _open_site(file)
    used = set(site.in_use().values())
    models = [model for model in site.catalogue.models if kind in (None, model.kind)]
    if as_json:
        print(json.dumps([_as_json(model, site, used) for model in models], indent=2))
        return
    table = Table("id", "kind", "size", "licence", "commercial use", "tier", "here", "in use")
    for model in models:
        here = "yes" if _is_here(model, site.directory) else ""
        size, use = readable_size(model.size), "yes" if model in used else ""
        table.add_row(model.id, model.kind, size, model.licence, model.commercial_use, model.tier, here, use)
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH).print(table)
    _warn_of_licences(sorted(used, key=lambda model: model.id), site.catalogue)


@app.command(epilog="Examples: appliance models fetch · appliance models fetch piper-en_US-norman-medium")
def fetch(
    ids: Ids = None,
    *,
    profile: ForProfile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be fetched.")] = False,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Bring models here: from the site mirror, Hugging Face, or a Python package index; interrupted downloads go on."""
    site = _open_site(file, profile)
    models = site.chosen(ids)
    _warn_of_licences(models, site.catalogue)
    if dry_run:
        _show_plan(unfit(models, site.directory), site.directory, as_json=as_json)
        return
    try:
        with download_progress(Console(stderr=True)) as progress:
            sources = configured_sources(site.config.models, os.environ, site.config.network)
            fetched = ensure(models, site.directory, sources, progress)
    except ApplianceError as error:
        if not as_json:
            raise
        print(json.dumps({"error": {"code": error.code, "message": str(error), "remedy": error.remedy}}, indent=2))
        raise typer.Exit(error.exit_status) from error
    _show_fetched(fetched, models, site.directory, as_json=as_json)


@app.command(epilog="Example: appliance models verify --full")
def verify(
    ids: Ids = None,
    *,
    profile: ForProfile = None,
    full: Annotated[bool, typer.Option("--full", help="Hash every file, also those that have not changed.")] = False,
    file: File = None,
    as_json: AsJson = False,
) -> None:
    """Compare the files here with the catalogue's sizes and hashes; exit status 4 if one is missing or damaged."""
    site = _open_site(file, profile)
    findings = [finding for model in site.chosen(ids) for finding in check(model, site.directory, full=full)]
    intact = all(finding.intact for finding in findings)
    if as_json:
        print(json.dumps({"intact": intact, "files": [_finding_as_json(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            print(finding)
        if not intact:
            typer.echo(FETCH_REMEDY, err=True)
    if not intact:
        raise typer.Exit(4)


@app.command(epilog="Examples: appliance models path llm · appliance models path whisper-tiny.en")
def path(
    name: Annotated[str, typer.Argument(metavar="ROLE|ID", help="stt, llm, tts, vad, turn, or the id of a model.")],
    file: File = None,
) -> None:
    """Print what an engine opens: the model's file, or its folder where the model is a folder."""
    site = _open_site(file)
    model = site.in_use()[Role(name)] if name in set(Role) else site.catalogue.find(name)
    locate(model, site.directory)
    print(site.directory / model.id / model.entry)


def _is_here(model: Model, directory: Path) -> bool:
    return all(_has_size(directory / model.id / file.path, file.size) for file in model.files)


def _has_size(file: Path, size: int) -> bool:
    return file.is_file() and file.stat().st_size == size


def _warn_of_licences(models: Sequence[Model], catalogue: Catalogue) -> None:
    for model in models:
        if warning := licence_warning(model, catalogue):
            typer.echo(f"Licence: {warning}", err=True)


def _show_plan(missing: Sequence[Finding], directory: Path, *, as_json: bool) -> None:
    total = sum(finding.file.size for finding in missing)
    if as_json:
        print(json.dumps({"bytes": total, "files": [_finding_as_json(finding) for finding in missing]}, indent=2))
        return
    for finding in missing:
        print(f"{finding.model.id}/{finding.file.path}: {readable_size(finding.file.size)} ({finding.state})")
    free = readable_size(shutil.disk_usage(_existing(directory)).free)
    print(f"{len(missing)} files, {readable_size(total)} to fetch into {directory}; {free} are free there.")


def _existing(directory: Path) -> Path:
    return next(folder for folder in (directory.absolute(), *directory.absolute().parents) if folder.is_dir())


def _show_fetched(fetched: Sequence[Fetched], models: Sequence[Model], directory: Path, *, as_json: bool) -> None:
    if as_json:
        files = [
            {"model": item.model_id, "path": str(item.path), "size": item.size, "source": item.source}
            for item in fetched
        ]
        answer = {"directory": str(directory), "models": [model.id for model in models], "fetched": files}
        print(json.dumps(answer, indent=2))
        return
    for item in fetched:
        print(f"{item.path}: {readable_size(item.size)} from {item.source}")
    print(f"{len(models)} models are here and intact: {', '.join(model.id for model in models)}")


def _as_json(model: Model, site: _Site, used: set[Model]) -> dict[str, Any]:
    described = model.model_dump(mode="json", exclude={"files"})
    here = _is_here(model, site.directory)
    return described | {"size": model.size, "here": here, "in_use": model in used}


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "model": finding.model.id,
        "path": str(finding.path),
        "size": finding.file.size,
        "sha256": finding.file.sha256,
        "state": finding.state,
    }
