"""What a watch will be able to find, before it is switched on and while it runs: a door that asks and writes nothing."""
