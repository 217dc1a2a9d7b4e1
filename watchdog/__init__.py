"""eval-watchdog: tells you, first and truthfully, that an LLM feature got worse.

Import modules by their full path; this package re-exports nothing. PyPI also has a distribution called
``watchdog`` (a file-system watcher) with the same import name: the launcher ``eval_watchdog`` detects it.
"""
