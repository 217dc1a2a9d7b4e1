"""Remedies: the door at which a person pins, rolls back, fails over or switches off. Dry runs unless told otherwise."""
