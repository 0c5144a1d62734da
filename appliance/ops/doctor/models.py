"""The chosen models: whether their files are there, and whether a business may use them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from appliance.models.catalogue import Model, load_catalogue
from appliance.models.licences import licence_warning
from appliance.models.profiles import resolve
from appliance.models.verify import FETCH_REMEDY
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "models"


def chosen(context: Context) -> list[Model]:
    """Return the models that the configuration runs here. Raises ModelError and ConfigError."""
    return list(resolve(context.config, load_catalogue()).values())


async def check(context: Context) -> list[Finding]:
    """Look at names and sizes; `hashes` looks at every byte."""
    return await asyncio.to_thread(lambda: list(_all(context)))


def _all(context: Context) -> Iterator[Finding]:
    catalogue, whole = load_catalogue(), True
    models = chosen(context)
    for model in models:
        for what in _wrong(model, context):
            whole = False
            yield Finding.fail(NAME, what, FETCH_REMEDY)
        if warning := licence_warning(model, catalogue):
            yield Finding.warn(
                NAME, warning, "Name another model in stt.model, llm.model or tts.voice, then `appliance models fetch`."
            )
    if whole:
        yield Finding.ok(NAME, f"All are there: {', '.join(model.id for model in models)}.")


def _wrong(model: Model, context: Context) -> Iterator[str]:
    folder = context.config.models.directory / model.id
    if not folder.exists():
        yield f"{model.id} is not there: {folder}."
        return
    for file in model.files:
        path = folder / file.path
        try:
            size = path.stat().st_size
        except OSError as error:
            yield f"{path}: {error.strerror}."
            continue
        if size != file.size:
            yield f"{path} has {size} bytes instead of {file.size}."
