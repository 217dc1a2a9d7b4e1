"""The road: the only place that knows the order of the stages, and the only one that talks to the store."""
