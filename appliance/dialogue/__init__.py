"""The conversation: turns, interruptions, memory."""
