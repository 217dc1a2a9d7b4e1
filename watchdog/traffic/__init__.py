"""Production samples: read, sampled by id, redacted, and turned into cases without a reference."""
