"""The connections of one scan: checked addresses, and a deadline that holds at every wait."""
