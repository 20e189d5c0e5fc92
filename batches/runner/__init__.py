"""Work through the jobs of all batches, one shift per worker host.

`shift` is the loop: write outcomes, send a heartbeat, check, recover, claim. `claims` decides in
one round which jobs a worker gets, and how many of each batch it may scan at once. `pool` runs in a
thread of its own and keeps the scanning processes (`process`) busy with claimed jobs (`waiting`),
within the limit for each server (`addresses`). `flush` stores the outcomes, `recovery` requeues the
jobs of dead workers, and `messages` defines the values passed between these modules.
"""
