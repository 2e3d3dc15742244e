# A timer interrupt is delivered at the same instruction on the backup.

guest clock
fault crash:primary@5ms
show sent first=1

say A timer interrupt may occur between any two instructions, and its position affects what the guest does. The primary
  logs at which instruction it delivered each; the backup runs exactly to there and delivers it (section 2.1).
  Hardware needs performance counters for that, an interpreter only counts.
say when held: Tick 1, followed by five hundred readings of the clock; each is a log entry.
say when crash: The primary's timer is lost. The guest on the backup sleeps between tick 2 and tick 3.
say when live: The guest's clock continues from the latest time that the guest has read, so that time does not run
  backwards; this host's timer fires tick 3. The guest notices only that it is late.

expect in order: crash primary, live backup, off backup code=0
expect outcome completed
expect exit code 0
expect no violation
