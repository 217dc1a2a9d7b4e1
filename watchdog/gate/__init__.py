"""The gate: the door at which a candidate is held against what is in production, before it goes out."""
