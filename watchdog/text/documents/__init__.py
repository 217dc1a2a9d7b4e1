"""Files that people write (YAML, JSON Lines) as trees that remember their lines, and what is wrong with them."""
