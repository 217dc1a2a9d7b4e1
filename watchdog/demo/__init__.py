"""The story in a minute: four weeks of a watched feature on a simulated provider, through the real road."""
