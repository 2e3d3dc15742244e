# The link from the backup to storage fails: it has no effect until the primary dies.

guest bank
fault partition:backup-storage@15ms+40ms
fault crash:primary@20ms

say A backup needs storage only for the test-and-set before it goes live.
say when partition: Replay and acknowledgements continue.
say when crash: Now the backup needs storage.
say when claimed: The request is sent, and remains in flight.
say when won: The link is up again.

expect in order: partition, released primary, crash primary, claimed by backup, partition phase=ends, won backup, live backup
never released after crash before won backup
expect outcome completed
expect no violation
