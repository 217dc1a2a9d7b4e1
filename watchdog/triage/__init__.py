"""Triage: the door at which a tired person asks what is wrong. Three questions, a cause, an owner, a command."""
