"""Commands: arguments and printing, no logic."""
