"""What an administrator must know before a business uses a model."""

from __future__ import annotations

from appliance.models.catalogue import Catalogue, CommercialUse, Model


def licence_warning(model: Model, catalogue: Catalogue) -> str:
    """Return one plain sentence and the clean alternatives, or an empty string when there is nothing to warn of."""
    if model.commercial_use is CommercialUse.ALLOWED:
        return ""
    if model.commercial_use is CommercialUse.FORBIDDEN:
        what = f"{model.id} must not be used in a business (licence: {model.licence})."
    else:
        what = (
            f"{model.id} is free by its own licence ({model.licence}), but it was fine-tuned from a checkpoint whose "
            "data are for research only: have your lawyer decide."
        )
    clean = [other.id for other in catalogue.models if _replaces(other, model)]
    if not clean:
        return f"{what} The catalogue has no clean model of the same kind and language."
    return f"{what} Clean alternatives: {', '.join(clean)}."


def _replaces(other: Model, model: Model) -> bool:
    speaks = {language.partition("-")[0] for language in other.languages}
    needed = {language.partition("-")[0] for language in model.languages}
    return (
        other.kind is model.kind
        and other.commercial_use is CommercialUse.ALLOWED
        and needed <= speaks
        and (other.tier is model.tier)
    )
