"""Delivery of alerts: the channels, and the loop over durable state that feeds them."""
