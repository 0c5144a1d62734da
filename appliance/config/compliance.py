"""What only the operator knows about the processing of personal data, for `appliance compliance report`."""

from __future__ import annotations

from appliance.config.section import Section


class ComplianceConfig(Section):
    """Who answers for the personal data, and why it is processed. It stands in the report; nothing else depends on it.

    What is empty here, the report names as missing.
    """

    controller: str = ""
    """Who decides about the processing (the controller): name and postal address of your organisation."""
    contact: str = ""
    """How people reach the data protection officer, or whoever answers for their rights: name, e-mail, telephone."""
    purpose: str = ""
    """What you process the data for, such as "receiving visitors and arranging appointments"."""
    legal_basis: str = ""
    """On which legal ground, such as "consent, Art. 6(1)(a) GDPR" or "consentimento, art. 7º, I, LGPD"."""
