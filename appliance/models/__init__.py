"""Model files: catalogue, fetching, verification."""
