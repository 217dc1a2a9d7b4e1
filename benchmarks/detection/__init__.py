"""How often the detector is wrong, and how soon it is right: see `python -m benchmarks.detection --help`."""
