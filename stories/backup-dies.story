# The backup dies: the primary continues alone, but only after a test-and-set.

guest bank
fault crash:backup@20ms

say The primary has the whole state; to continue without its backup it only needs the next generation.
say when crash: Outputs wait for an acknowledgement that will not come.
say when suspected: 10 ms without a heartbeat. The backup may suspect the primary and go live, so the primary needs
  the test-and-set too (section 2.3).
say when members primary generation=2: Generation 2 is the primary alone: the held outputs are released.

expect in order: crash backup, suspected by primary, won primary, members primary backups=none, released primary
never released after suspected before won primary
never live
expect outcome completed
expect no violation
