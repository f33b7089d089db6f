"""The models that are checked: architectures, backup plans, and the transition systems that they define."""
