"""Words that say nothing about what is asked for."""

from __future__ import annotations

PEOPLE_WORDS = frozenset(
    """
    baby boy child children dad daughter doctor family father friend girl grandmother grandfather husband kid kids
    mother mum mom nurse parents partner sister brother son wife day date time week month morning afternoon evening
    """.split()  # noqa: SIM905
)
"""Whom and when it is for says nothing about what it is."""

FUNCTION_WORDS = frozenset(
    """
    a about actually again all also am an and another any anything are as at available be because been
    certain particular specific thing things
    bottle box but available buy by call can carries carry charge check cost costs could did do does doing
    don't else excuse find
    for
    from get give going good got had has have haven't hello here hey hi how i i'd i'll i'm i've if in is
    isn't it it's item items just know left let like look looking lot many may maybe me mean might more
    morning much my need no not now of oh ok okay on one or our out over pack package pharmacy please
    price product put really right said sell shop should so some something stock stocks store sure take tell
    than thank thanks that that's the them then there there's these they thing think this those to today trouble uh um
    up us was we well were what what's when where whether which who why will with wonder wondering would yeah yes you
    your er hm hmm
    """.split()  # noqa: SIM905 - two hundred literals are no easier to read
)
"""Words that carry a question and name nothing."""
