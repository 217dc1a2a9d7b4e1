"""The noise review: which rules ring, who acts on it, and what should change."""
