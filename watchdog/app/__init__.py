"""The composition root: settings in, built parts out. Nothing else constructs concrete things."""
