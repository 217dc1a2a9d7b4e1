"""Replay: cases x targets -> responses, paced, retried, budgeted and accounted."""
