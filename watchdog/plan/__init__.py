"""What a watch will be able to find, before it is switched on and while it runs. Asks nothing and writes nothing."""
