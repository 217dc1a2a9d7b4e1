"""The daemon: looks at every watch when it is due, and never loses sight of a look that was not made."""
