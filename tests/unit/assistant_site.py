"""A small pharmacy: a tool that looks up, one that books, one that calls people, and a form."""

from __future__ import annotations

import json
from typing import Any

from appliance.config.models import Config

STOCK = {
    "name": "stock",
    "description": "Looks up whether a product is in stock.",
    "examples": [
        "Do you have ibuprofen?",
        "Do you have aspirin in stock?",
        "Is there any cough syrup left?",
        "Have you got plasters in stock?",
        "Is paracetamol in stock?",
    ],
    "parameters": {"product": {"format": "words", "ask": "Which product?"}},
    "say": {
        "running": "Let me look.",
        "success": "We have {{ count }} of {{ product }}.",
        "empty": "We have no {{ product }}.",
        "failure": "I can't look that up now.",
    },
    "python": {"entry_point": "stock"},
}
BOOK = {
    "name": "book",
    "description": "Books a vaccination.",
    "effect": "write",
    "examples": [
        "I would like to book a vaccination.",
        "Can I book a flu shot for two people?",
        "Book a vaccination for tomorrow.",
        "I need a flu shot.",
        "Please book me in for a flu shot on Friday.",
    ],
    "parameters": {
        "day": {"format": "date", "ask": "On which day?"},
        "people": {"type": "integer", "minimum": 1, "maximum": 9, "ask": "For how many people?"},
    },
    "say": {
        "confirm": "A vaccination on {{ day }} for {{ people }}. Shall I book it?",
        "success": "It is booked, number {{ number }}.",
        "failure": "I could not book it.",
    },
    "retries": 0,
    "python": {"entry_point": "book"},
}
HUMAN = {
    "name": "human",
    "description": "Calls a colleague.",
    "examples": ["Get me the manager.", "The manager, please."],
    "builtin": "escalate",
}
COMPLAINT = {
    "name": "complaint",
    "description": "Takes a complaint.",
    "examples": ["I want to complain.", "I have a complaint.", "I wish to make a complaint about a delivery."],
    "fields": {
        "what": {"format": "text", "ask": "What happened?"},
        "phone": {"format": "phone", "ask": "What is your phone number?"},
        "urgency": {"enum": ["normal", "urgent"], "ask": "Is it urgent or normal?"},
    },
    "urgency_field": "urgency",
    "say": {
        "begin": "I am sorry to hear that.",
        "confirm": "I have noted: {{ what }} Is that right?",
        "success": "Passed on.",
    },
}
DESK_CHANNEL = {"kind": "command", "name": "desk", "argv": ["/bin/true"]}
FACTS = ["The pharmacy is open from eight to six.", "Vaccinations cost 20 dollars."]


def configured(**changes: Any) -> Config:
    """Return the pharmacy's configuration; sections in `changes` replace those of it."""
    given = {
        "site": {"name": "the pharmacy", "facts": FACTS},
        "tools": [STOCK, BOOK, HUMAN],
        "forms": [COMPLAINT],
        "handover": {"channels": [DESK_CHANNEL]},
    }
    return Config.model_validate_json(json.dumps(given | changes))
