"""The connections of one scan: checked addresses, and a deadline enforced at every wait."""
