"""Words that are no names although they stand where names do, and small words inside names."""

from __future__ import annotations

from appliance.understanding.words import MONTHS, WEEKDAYS, word_set

PARTICLES = word_set(
    "van von der den de del della di da dos la le du bin al el ter ten zu y",
)
"""Small words inside a name; one in small letters never ends it."""

_FUNCTION_WORDS = word_set(
    "a an and or but the i i'm i'd i'll i've me my mine you your we us our he him his she her they them their it",
    "its it's this that that's these those is are was were be been am do does did have has had can could will",
    "would shall should may might must not no yes yeah yep nope ok okay oh so well just still also too very",
    "really quite about for from with without to at in on of by as if when where who what which how why because",
    "please thanks thank hello hi hey good sorry here there now then today tomorrow tonight one two three four",
    "five six seven eight nine ten zero spelled spelt spelling speaking calling called again speaker name names",
    "number phone email address let's there's mr mrs ms miss mister missus dr doctor prof professor sir madam",
    "ma'am under over since until",
)
_SAID_OF_ONESELF = word_set(
    "afraid alone available back busy calling certain coming curious done early fine free glad going good great",
    "happy here hoping hungry interested in late leaving looking lost new not okay out ready running sick sorry",
    "sure taking thinking tired trying visiting waiting wondering writing booked supposed able unable allergic",
    "pregnant diabetic vegan vegetarian urgent ridiculous important great awesome perfect correct wrong right",
    "ringing phoning staying having getting making asking using driving returning checking following confirming",
    "cancelling canceling",
)
_PEOPLES = word_set(
    "american british english german french italian spanish dutch swiss austrian polish russian turkish chinese",
    "indian japanese irish scottish welsh canadian australian mexican european african asian catholic muslim",
    "jewish christian hindu buddhist ukrainian portuguese greek swedish danish norwegian finnish brazilian",
)
_OTHERS = word_set(
    "mum mom dad god jesus monday's customer service reception support sales office christmas easter internet",
    "wifi google siri alexa morning afternoon evening noon midnight friday's mail e-mail everything nothing",
    "something someone somebody anyone nobody everybody",
)
NO_NAMES = (_FUNCTION_WORDS | _SAID_OF_ONESELF | _PEOPLES | _OTHERS | frozenset(WEEKDAYS) | frozenset(MONTHS)) - {
    "april", "may", "june", "august",
}  # fmt: skip
"""Words that no name begins with or goes on with. April, May, June and August are names of people too."""
