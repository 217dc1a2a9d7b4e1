"""What would have fired, and what would have been found: the stored history through the real detectors."""
