"""Personal data is found in text and replaced before anything is written."""
