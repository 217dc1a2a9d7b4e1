"""What answers: one adapter a module, one attempt a call; every failure is a ProviderError with its class."""
