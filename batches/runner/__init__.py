"""Work through the jobs of all batches, one shift per worker host.

`shift` is the loop: write outcomes, send a heartbeat, check, recover, claim. `claims` decides in
one round which jobs a worker gets, and `shares` how many of each batch. `flush` stores the
outcomes, and `recovery` requeues the jobs of dead workers. The scanning itself is done by
`batches.scanning`.
"""
