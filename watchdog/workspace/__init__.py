"""The files around watchdog.yaml that people review like code: golden sets, judges, prompts, runbooks."""
