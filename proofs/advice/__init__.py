"""What helps against an anomaly: changes of the plan, found by checking them."""
