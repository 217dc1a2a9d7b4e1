"""A quarter on call: twenty watches through the product's own detectors, correlation, policy and incidents."""
