"""What a field of a tool's arguments or result holds, told by its name."""

from __future__ import annotations

import re

from appliance.config.redaction import Kind
from appliance.understanding.words import word_set

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LAST_WORDS = {
    Kind.PHONE: word_set("phone telephone mobile cell cellphone tel fax whatsapp telefone celular telefon handy movil"),
    Kind.EMAIL: word_set("email mail correo"),
    Kind.CARD: word_set("card pan cartao tarjeta cvv cvc"),
    Kind.IBAN: word_set("iban"),
    Kind.NATIONAL_ID: word_set("cpf cnpj ssn nino dni nie nif nir nhs bsn sin curp pesel pps"),
    Kind.DATE_OF_BIRTH: word_set("birth birthdate birthday dob nascimento nacimiento geburtsdatum"),
    Kind.NAME: word_set("surname firstname lastname fullname forename nome sobrenome nachname vorname nombre apellido"),
}
_ENDINGS = {
    ("phone", "number"): Kind.PHONE,
    ("mobile", "number"): Kind.PHONE,
    ("email", "address"): Kind.EMAIL,
    ("card", "number"): Kind.CARD,
    ("birth", "date"): Kind.DATE_OF_BIRTH,
    ("national", "id"): Kind.NATIONAL_ID,
    ("tax", "id"): Kind.NATIONAL_ID,
    ("security", "number"): Kind.NATIONAL_ID,
}
_PEOPLE = word_set(
    "patient caller customer client person visitor guest contact first last full family given middle",
    "holder member owner",
    "employee cardholder user sender recipient",
)
"""Before `name`: whose name it is. The name of a doctor, product or file is nobody's secret."""


def kind_of_field(name: str) -> Kind | None:
    """Return what a field holds, None where its name does not tell."""
    words = tuple(word.lower() for word in _WORDS.findall(name))
    if not words:
        return None
    if words[-1] == "name":
        return Kind.NAME if len(words) == 1 or words[-2] in _PEOPLE else None
    if words in {(person,) for person in ("patient", "caller", "customer", "visitor", "guest")}:
        return Kind.NAME
    if words[-2:] in _ENDINGS:
        return _ENDINGS[words[-2:]]
    return next((kind for kind, last in _LAST_WORDS.items() if words[-1] in last), None)
