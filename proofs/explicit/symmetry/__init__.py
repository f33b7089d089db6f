"""Search up to the exchange of indices: states that differ only in the order of instances are one state."""
