"""What is said about a call that has come to its end."""

from __future__ import annotations

from appliance.config.tools import ToolConfig
from appliance.tools.action import Arguments
from appliance.tools.executor import Outcome
from appliance.tools.templates import render_speech


def spoken(tool: ToolConfig, arguments: Arguments, outcome: Outcome) -> str:
    """Return the phrase of the tool for an outcome; "" when it has none for success.

    Raises:
        ToolError: The phrase uses a name that neither the arguments nor the result have.
    """
    if not outcome.ok:
        return render_speech(tool.say.failure, arguments, {})
    if outcome.empty:
        return render_speech(tool.say.empty, arguments, {})
    return render_speech(tool.say.success, arguments, outcome.data)
