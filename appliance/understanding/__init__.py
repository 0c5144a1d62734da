"""What a person said, as values with the words they were found in.

Pure functions: no model, no clock, no input or output. Each `find_x` returns what is surely meant, sorted by place,
without what was taken back ("on Friday, no, Thursday"); a value that has to be asked back is not `certain`.
"""

from __future__ import annotations

from appliance.understanding.answers import Answer, Verdict, is_cancel, is_negated, is_unknown, yes_no
from appliance.understanding.choices import find_choices, match_choice, mentions
from appliance.understanding.codes import find_codes
from appliance.understanding.correction import replaces, standing, taken_back
from appliance.understanding.dates import find_dates
from appliance.understanding.datetimes import find_datetimes
from appliance.understanding.digits import find_digits, partial_digits
from appliance.understanding.durations import find_delays, find_durations
from appliance.understanding.emails import find_emails
from appliance.understanding.found import Found, Span, mask
from appliance.understanding.known_values import find_known, same_sound, same_sound_within, sounds_like
from appliance.understanding.mentioned_names import find_mentioned_names
from appliance.understanding.misheard_digits import before_a_code, before_a_phone, find_misheard
from appliance.understanding.names import find_names
from appliance.understanding.neutral import neutral
from appliance.understanding.numbers import find_number_ranges, find_numbers, find_ordinals
from appliance.understanding.parts_of_day import find_parts_of_day
from appliance.understanding.phones import find_phones
from appliance.understanding.stance import Stance, stance, without_refusals
from appliance.understanding.time_ranges import find_time_ranges
from appliance.understanding.times import find_times
from appliance.understanding.years import find_years

__all__ = [
    "Answer", "Found", "Span", "Stance", "Verdict", "before_a_code", "before_a_phone", "find_choices", "find_codes",
    "find_dates", "find_datetimes", "find_delays", "find_digits", "find_durations", "find_emails", "find_known",
    "find_mentioned_names", "find_misheard", "find_names", "find_number_ranges", "find_numbers", "find_ordinals",
    "find_parts_of_day", "find_phones", "find_time_ranges", "find_times", "find_years", "is_cancel", "is_negated",
    "is_unknown", "mask", "match_choice", "mentions", "neutral", "partial_digits", "replaces", "same_sound",
    "same_sound_within", "sounds_like", "stance", "standing", "taken_back", "without_refusals", "yes_no",
]  # fmt: skip
