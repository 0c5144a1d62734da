"""Measurements: every figure that is claimed comes from here."""
