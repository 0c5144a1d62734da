"""Faults that a test injects into a whole daemon with a sound server, because they end it or take a minute."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.ops.faults.fault import Fault, Group

RUN = "tests/device/test_run.py"
RECOVERY = "tests/device/test_faults.py"
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
        injected="SIGINT in the middle of a sentence",
        holds="it ends in an orderly way with exit status 0",
        heard="the sentence breaks off",
        seen="nothing",
        proved_by=f"{RUN}::test_ctrl_c_in_the_middle_of_a_sentence_ends_it_cleanly",
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
