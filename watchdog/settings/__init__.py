"""watchdog.yaml, read strictly, every problem told at its line. The only place that reads the environment."""
