# A guest that writes memory all the time is copied in rounds while it runs.

guest primes
define LIMIT 1000000
memory 4 MiB
spares 1
tuning copyPages 8
tuning copyWindow 1
tuning stopPages 64
fault crash:backup@5ms

say A sieve of a megabyte writes to its memory all the time. A copy of it is outdated before it is finished.
say when copying round=1: So all pages are sent once, while the guest runs, and the pages that it dirties are tracked.
say when copying round=2: Then the dirty pages are sent; they are fewer, so this round is shorter, and fewer become
  dirty during it.
say when copied: When few are left, the guest is paused for them and for its registers; FT VMotion does the same
  (section 3.1 of the paper).
say when members primary backups=spare: The VM is re-protected. The guest was paused for a moment.

expect in order: crash backup, joining primary, copying round=1, copying round=2, copied primary, installed spare, members primary backups=spare
never live
expect outcome completed
expect no violation
