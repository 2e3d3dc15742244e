# The link from the primary to storage fails: the disk does not answer, the guest continues.

guest journal
fault partition:primary-storage@5ms+20ms
show disk-issued again=true

say The guest keeps a journal on a shared disk. The link between its host and the disk is down for 20 ms.
say when partition: Primary and backup still exchange heartbeats, so there is no suspicion and no failover. The guest
  waits for its disk as for any slow one.
say when disk-issued again=true: An operation without an answer is reissued. The disk applies a write once however often
  it is issued: it recognizes the operation number.
say when partition phase=ends: The answers come.

never suspected
never live
expect disk-issued primary again=true
expect outcome completed
expect exit code 0
expect no violation
