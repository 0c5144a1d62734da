"""The configuration: models, loading, checking."""
