"""Configuration of others that we write: the whole of Alertmanager's, the rules of Prometheus, and their tests."""
