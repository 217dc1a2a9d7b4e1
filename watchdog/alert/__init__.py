"""Conditions and open alerts to transitions with named reasons, and incidents."""
