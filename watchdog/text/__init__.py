"""Pure helpers on text: what is personal, what is secret, what is a refusal, what is JSON, what is a word."""
