"""A shop of four event-sourced HTTP services, each with a database of its own, and a broker."""
