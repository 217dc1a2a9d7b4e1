"""Deterministic checks. catalog.py gives each its short name; ``not-`` before a name turns it round."""
