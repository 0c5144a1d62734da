"""An on-premise voice appliance: microphone, speech recognition, a local language model, a voice."""

__version__ = "0.1.0"
