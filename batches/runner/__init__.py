"""Work through the jobs of all batches, one shift per worker host.

`shift` is the loop: write what has ended, send a heartbeat, check, recover, claim. `claims` decides
in one round which jobs a worker gets, and how many of each batch it may scan at once. `pool` keeps
the scanning processes (`process`) busy from a thread of its own with the jobs that wait here
(`waiting`), within the limit for each server (`addresses`). `flush` stores the outcomes, `recovery`
returns the jobs of workers that died, and `messages` holds the values that pass between these.
"""
