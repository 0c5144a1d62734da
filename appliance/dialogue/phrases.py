"""Fixed sentences, synthesised once, so that they can be said at once and also when the model has failed."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.config.consent import ConsentMode
from appliance.config.models import Config
from appliance.dialogue.clauses import ClauseSplitter
from appliance.engines.ports import Speech, Synthesiser


class PhraseBook:
    """Sentences and their sound."""

    def __init__(self) -> None:
        self._sound: dict[str, Speech] = {}

    async def prepare(self, voice: Synthesiser, phrases: Iterable[str]) -> None:
        """Synthesise `phrases`. Raises EngineError when the voice does not work."""
        for phrase in phrases:
            if phrase and phrase not in self._sound:
                self._sound[phrase] = await voice.synthesise(phrase)

    def sound(self, phrase: str) -> Speech:
        """Return the sound of a prepared phrase. Raises KeyError for any other."""
        return self._sound[phrase]


def openings(config: Config) -> list[str]:
    """Return the first clauses of the example turns: the model begins its own replies like these."""
    first = []
    for example in config.persona.examples:
        splitter = ClauseSplitter()
        first += [*splitter.push(example.assistant), *splitter.finish()][:1]
    return first


def fixed_phrases(config: Config) -> list[str]:
    """Return every sentence of the configuration that is said without the model."""
    phrases, consent = config.phrases, config.consent
    return [
        config.persona.greeting,
        *phrases.not_understood,
        phrases.offer_human,
        phrases.engine_error,
        phrases.still_there,
        phrases.nothing_to_repeat,
        phrases.goodbye,
        consent.notice if consent.mode is ConsentMode.NOTICE else "",
        *((consent.question, consent.given_phrase, consent.refused_phrase) if consent.mode is ConsentMode.ASK else ()),
        consent.withdrawn_phrase,
        consent.not_deleted_phrase,
    ]
