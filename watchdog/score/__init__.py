"""Responses to scores: deterministic checks and LLM judges."""
