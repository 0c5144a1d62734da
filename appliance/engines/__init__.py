"""Speech recognition, language model, voice, and the detectors, each behind a protocol in `ports`."""
