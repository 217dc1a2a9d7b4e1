"""Statistics of sustained drift: pure functions of numbers, without a noun of the house."""
