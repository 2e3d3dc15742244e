# A timer interrupt strikes at the same instruction on the backup.

guest clock
fault crash:primary@5ms
show sent first=1

say A timer interrupt may come between any two instructions, and where it comes changes what the guest does. The primary notes
  for each at which instruction it was delivered; the backup runs to exactly there and delivers it (section 2.1).
  Hardware needs performance counters for that, an interpreter only counts.
say when held: Tick 1, and five hundred readings of the clock in its wake; each is an entry of the log.
say when crash: The host with the timer is gone. The guest on the backup sleeps between tick 2 and tick 3.
say when live: The guest's clock goes on from the latest time that the guest has seen, so that time does not run backwards; tick 3 is
  now the business of the timer of this host. The guest notices that it is late, and nothing else.

expect in order: crash primary, live backup, off backup code=0
expect outcome completed
expect exit code 0
expect no violation
