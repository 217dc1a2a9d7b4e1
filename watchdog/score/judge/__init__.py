"""LLM scorers: a pinned model, a rubric, and anchors that people graded."""
