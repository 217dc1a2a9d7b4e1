"""Observations, baseline and states become signals. Pure."""
