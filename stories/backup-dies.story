# The backup dies: the primary goes on, but only after it has asked.

guest bank
fault crash:backup@20ms

say The other half of fault tolerance. The primary has everything; it lacks only permission.
say when crash: Outputs wait for an acknowledgement that will not come.
say when suspected: 10 ms of silence. Perhaps the backup thinks the same of the primary and goes live; so storage is asked here too
  (section 2.3).
say when members primary generation=2: Generation 2 is the primary alone: what was held leaves.

expect in order: crash backup, suspected by primary, won primary, members primary backups=none, released primary
never released after suspected before won primary
never live
expect outcome completed
expect no violation
