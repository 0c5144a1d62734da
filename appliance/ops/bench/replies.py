"""What the assistant says while its echo is measured: long replies with many sounds, numbers and questions."""

from __future__ import annotations

REPLIES = (
    (
        "Good morning, and welcome to the front desk.",
        "We are open from eight in the morning until half past six in the evening, Monday to Friday.",
        "On Saturdays the doors open at nine, and we close at one.",
        "Would you like me to tell you how to find us?",
    ),
    (
        "Take the lift on your left to the second floor, then follow the yellow line along the corridor.",
        "The pharmacy is the third door on the right, just behind the vending machines.",
        "If the shutter is down, please ring the bell and wait for a moment.",
    ),
    (
        "There are three car parks close by.",
        "The cheapest one is in Victoria Street; it costs two pounds forty an hour, or eleven for the whole day.",
        "Bicycles can be chained to the racks by the fountain, free of charge.",
        "Please don't leave anything valuable in the basket.",
    ),
    (
        "Before a blood test you should not eat for twelve hours, but you may drink plain water.",
        "Bring your insurance card, a list of the medicines that you take, and the letter from your doctor.",
        "The whole visit takes about twenty minutes.",
    ),
    (
        "Certainly, I can explain how that works.",
        "First you fill in the short form at the desk, which asks for your name, your address and your date of birth.",
        "Then a nurse calls you, measures your blood pressure, and shows you to the examination room.",
        "After that it usually takes a quarter of an hour until the physician joins you.",
    ),
    (
        "The number thirty-seven bus stops right outside, every twelve minutes during the day.",
        "From the railway station you can also walk: cross the bridge, pass the cinema, and turn left at the church.",
        "It is roughly a mile, so allow twenty-five minutes.",
    ),
    (
        "No, I'm afraid the cafeteria is closed this week, because the kitchen is being renovated.",
        "There is a bakery across the road that sells sandwiches, soup and very good coffee.",
        "They also have a few chairs and a table in the shade.",
    ),
    (
        "Visiting hours are between two and five in the afternoon, and again from half past six to eight.",
        "Children are welcome when an adult is with them.",
        "Please wash your hands when you arrive, keep your telephone quiet, and no more than three visitors at a time.",
        "Flowers are allowed everywhere except in intensive care.",
    ),
    (
        "Your vaccination record can be sent by post or collected here in person.",
        "If you choose the post, it takes between five and seven working days.",
        "Somebody else may collect it for you, with a signed note and a copy of your passport.",
    ),
    (
        "That is a question for the billing office on the ground floor, room one hundred and fourteen.",
        "They answer the telephone from ten until four, and they speak English, French, Spanish and Polish.",
        "Have the invoice ready, since they will ask for the number in its top right corner.",
    ),
    (
        "When you feel dizzy, sit down at once and breathe slowly.",
        "Press the red button beside the bed, and somebody will be with you within a minute.",
        "Please don't try to walk to the bathroom by yourself, even if you feel much better.",
    ),
    (
        "Let me think about the easiest way for a wheelchair.",
        "Use the ramp at the west entrance, where the door opens by itself.",
        "Both lifts are wide enough, and there is an accessible bathroom on every floor except the basement.",
        "If you wish, one of the volunteers can accompany you.",
    ),
)
