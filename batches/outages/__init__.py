"""Stop scanning while a worker's own network is down, and then retry the sites that it failed.

`NetworkWatch` in `watch` is the entry point: a shift passes it the ends of its jobs and asks how
many it may claim. `breaker` decides when the network is down, `probe` asks hosts that answered
before, and `notice` tells users.
"""
