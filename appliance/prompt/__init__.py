"""What the language model is told."""
