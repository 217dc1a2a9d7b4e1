"""A model that can be turned while it runs: for the demo, drills and tests, never on the production path."""
