"""Reports as text, JSON and HTML. Knows how things look, never what they mean."""
