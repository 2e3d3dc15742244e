# The backup loses its way to storage: nobody notices until the primary dies.

guest bank
fault partition:backup-storage@15ms+40ms
fault crash:primary@20ms

say A backup needs storage for one thing only: to be allowed to go live.
say when partition: Replay and acknowledgements go on as ever.
say when crash: Now it matters.
say when claimed: The request is sent, and stays on the way.
say when won: The way is open again.

expect in order: partition, released primary, crash primary, claimed by backup, partition phase=ends, won backup, live backup
never released after crash before won backup
expect outcome completed
expect no violation
