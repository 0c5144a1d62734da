"""Which personal data is replaced before anything is written or logged, as configured."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, Field

from appliance.config.rules import broken_rule
from appliance.config.section import Section


class Kind(StrEnum):
    """What a redacted value is; in capitals, the name of its placeholder."""

    CARD = "card"
    IBAN = "iban"
    EMAIL = "email"
    PHONE = "phone"
    NATIONAL_ID = "national_id"
    DATE_OF_BIRTH = "date_of_birth"
    NAME = "name"


_SWITCHED = {Kind.NAME: "names", Kind.DATE_OF_BIRTH: "dates_of_birth"}
"""Kinds that have a setting of their own."""


def _known_country(country: str) -> str:
    """Return an ISO 3166 code unchanged, or raise where there is no such country."""
    if country not in phonenumbers.SUPPORTED_REGIONS:
        hint = "write GB for the United Kingdom" if country == "UK" else "write two capital letters such as US or BR"
        raise broken_rule(f"redaction.countries: {country!r} is no country code; {hint}", "countries")
    return country


def _without_switched(kind: Kind) -> Kind:
    if kind in _SWITCHED:
        raise broken_rule(f"redaction.kinds: {kind.value} has a switch of its own, `{_SWITCHED[kind]}`", "kinds")
    return kind


class RedactionConfig(Section):
    """Personal data that is replaced by placeholders such as [PHONE_1] in what is written and logged."""

    enabled: bool = True
    """Replace personal data; without it words are written as they were said, which `doctor` flags."""
    countries: tuple[Annotated[str, AfterValidator(_known_country)], ...] = Field(
        default=("US", "BR", "GB", "DE", "PT", "ES", "FR"), min_length=1
    )
    """Whose national identity numbers and telephone numbers are known, your own country first, as two capital letters.
    Identity numbers are known of AT, BE, BR, CA, CH, DE, ES, FR, GB, IE, IT, MX, NL, PL, PT and US, telephone numbers
    of every country."""
    kinds: tuple[Annotated[Kind, AfterValidator(_without_switched)], ...] = (
        Kind.CARD,
        Kind.IBAN,
        Kind.EMAIL,
        Kind.PHONE,
        Kind.NATIONAL_ID,
    )
    """Which numbers and addresses are replaced: card, iban, email, phone, national_id."""
    names: bool = True
    """Replace the names of people where they introduce themselves, and names that tools were given or have answered."""
    dates_of_birth: bool = True
    """Replace dates of birth where somebody speaks of a birth or birthday."""

    @property
    def wanted(self) -> frozenset[Kind]:
        """Every kind that is replaced."""
        if not self.enabled:
            return frozenset()
        switched = {Kind.NAME: self.names, Kind.DATE_OF_BIRTH: self.dates_of_birth}
        return frozenset(self.kinds) | {kind for kind, on in switched.items() if on}
