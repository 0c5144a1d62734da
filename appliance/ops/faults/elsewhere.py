"""Faults that a test injects into a whole daemon with a sound server, because they end it or take a minute."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.ops.faults.fault import Fault, Group

RUN = "tests/device/test_run.py"
RECOVERY = "tests/device/test_faults.py"
RATES = "tests/device/test_rates.py"
KILLED = "tests/device/test_recovery.py::test_killed_in_any_state_it_listens_again_and_goes_on"
WATCHED = "tests/device/test_service.py"
RESUMED = "a pause of a start; then the conversation goes on"
GOING_ON = '"going on with a conversation that was cut off"'

FAULTS: Sequence[Fault] = (
    Fault(
        name="devices-unplugged",
        group=Group.PROCESS,
        injected="microphone and loudspeaker are taken away from PortAudio and given back",
        holds="they are opened again within seconds, and the next turn is answered",
        heard="silence while they are away",
        seen="warning in the log; `microphone` failed, then ok; not ready meanwhile",
        proved_by=f"{RUN}::test_unplugged_devices_come_back_by_themselves",
    ),
    Fault(
        name="no-microphone",
        group=Group.PROCESS,
        injected="no sound device at the start",
        holds="exit status 5 with what to look at; systemd tries again",
        heard="nothing: the service does not start",
        seen="`appliance devices`",
        proved_by=f"{RUN}::test_without_a_microphone_it_says_what_to_do",
    ),
    Fault(
        name="odd-rates",
        group=Group.PROCESS,
        injected="a microphone of 37,800 Hz and a loudspeaker of 22,050 Hz, behind a sound server",
        holds="what is said is heard, and what is played is right: both are converted",
        heard="nothing",
        seen="nothing",
        proved_by=f"{RATES}::test_behind_a_sound_server_devices_of_odd_rates_are_heard_and_played",
    ),
    Fault(
        name="unsupported-rate",
        group=Group.PROCESS,
        injected="a loudspeaker that takes 44,100 Hz and nothing else, without a sound server",
        holds="exit status 5 with the rates that it needs, and what converts; systemd tries again",
        heard="nothing: the service does not start",
        seen="the device in the log. Choose `pulse`, `pipewire` or `default`, which convert, or another device.",
        proved_by=f"{RATES}::test_a_loudspeaker_with_one_rate_that_is_of_no_use_is_refused_with_a_way_out",
    ),
    Fault(
        name="sound-server-hangs",
        group=Group.PROCESS,
        injected="the sound server is stopped (SIGSTOP) with its connections open, and goes on",
        holds="closing returns, and opening works when it goes on",
        heard="silence meanwhile",
        seen="warning in the log",
        proved_by="tests/device/test_stopping.py::test_stop_returns_though_the_server_hangs_and_start_works_when_it_goes_on",
    ),
    Fault(
        name="killed-speaking",
        group=Group.PROCESS,
        injected="kill -9 in the middle of a sentence, and a start",
        holds="it listens again within seconds, and goes on with the same conversation",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=f"{RECOVERY}::test_killed_in_the_middle_of_a_sentence_it_listens_again_and_goes_on",
    ),
    Fault(
        name="killed-in-a-task",
        group=Group.PROCESS,
        injected="kill -9 while it waits for an argument of a task, and a start",
        holds="the task goes on with the next argument; nothing is asked twice",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=f"{RUN}::test_a_task_goes_on_after_kill_9",
    ),
    Fault(
        name="killed-idle",
        group=Group.PROCESS,
        injected="kill -9 when nobody has spoken yet, and a start",
        holds="it listens again within seconds, and the next words are understood",
        heard="silence of a start",
        seen=GOING_ON,
        proved_by=KILLED,
    ),
    Fault(
        name="killed-listening",
        group=Group.PROCESS,
        injected="kill -9 while a person speaks, in the middle of a task, and a start",
        holds="what was half said counts for nothing, and the task goes on",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=KILLED,
    ),
    Fault(
        name="killed-thinking",
        group=Group.PROCESS,
        injected="kill -9 while the model thinks, in the middle of a task, and a start",
        holds="the question has to be asked again, and the task goes on",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=KILLED,
    ),
    Fault(
        name="killed-confirming",
        group=Group.PROCESS,
        injected="kill -9 while a yes is awaited to what was read back, and a start",
        holds="nothing was done, and nothing is said to be; a yes does it, once",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=KILLED,
    ),
    Fault(
        name="killed-in-a-form",
        group=Group.PROCESS,
        injected="kill -9 in the middle of a form, and a start",
        holds="what was told is not asked for again, and the form arrives whole, once",
        heard=RESUMED,
        seen=GOING_ON,
        proved_by=KILLED,
    ),
    Fault(
        name="killed-writing",
        group=Group.PROCESS,
        injected="kill -9 while a service has received a call that changes something, and a start",
        holds="the call is in doubt, people are told of it at once, and another yes does not make it again",
        heard="after a yes: that it is not known whether it went through, and that people will check it",
        seen='a handover ("it is not known whether … went through"), also in the audit trail and in the log',
        proved_by=KILLED,
    ),
    Fault(
        name="killed-delivering",
        group=Group.PROCESS,
        injected="kill -9 at random moments while handovers are written and sent",
        holds="none is lost, and each has one key by which the receiver tells repetitions",
        heard="nothing",
        seen="nothing",
        proved_by="tests/unit/test_outbox_kills.py",
    ),
    Fault(
        name="killed-storing",
        group=Group.PROCESS,
        injected="kill -9 at random moments while receipts and conversations are written",
        holds="what was committed is there; a call that was cut off is in doubt and not made again",
        heard=RESUMED,
        seen="a handover for what is in doubt",
        proved_by="tests/unit/test_storage_kills.py",
    ),
    Fault(
        name="stopped-speaking",
        group=Group.PROCESS,
        injected="SIGTERM, as systemd sends it, and SIGINT in the middle of a sentence",
        holds="it ends at once with exit status 0; what was heard is kept, and a start goes on from there",
        heard="the sentence breaks off",
        seen="nothing; after a start as above",
        proved_by=f"{RUN}::test_stopped_in_the_middle_of_a_sentence_it_ends_at_once_and_knows_what_was_heard",
    ),
    Fault(
        name="threads-hang",
        group=Group.PROCESS,
        injected="every thread but that of the event loop is stopped (ptrace)",
        holds="the watchdog is not fed any more, and systemd starts it again",
        heard=RESUMED,
        seen='"microphone has not advanced for 31 s" in the log and in `systemctl status`',
        proved_by=f"{WATCHED}::test_threads_that_hang_are_told_although_the_event_loop_runs",
    ),
)
