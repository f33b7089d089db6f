"""What is checked: architectures, backup plans, and the transition systems that they define."""
