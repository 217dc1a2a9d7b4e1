"""Signals, health and known changes to conditions with a suspected cause."""
