"""The product before real language models, by hand."""
