"""Builds everything from the configuration, starts and stops it in order."""
