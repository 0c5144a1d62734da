"""What the assistant does with what a person said: decides, asks, acts, and never pretends."""
