"""The trail of what was done: append-only, hash-chained and signed."""
