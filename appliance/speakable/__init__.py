"""Written text made speakable."""
