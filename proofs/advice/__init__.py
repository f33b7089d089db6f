"""Changes of the plan that help against an anomaly, found by checking them."""
