"""Drills: something breaks in a shadow copy of a watch, and the page is timed through the real channels."""
