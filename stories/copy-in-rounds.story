# A guest that writes all the time is copied in rounds while it runs.

guest primes
define LIMIT 1000000
memory 4 MiB
spares 1
tuning copyPages 8
tuning copyWindow 1
tuning stopPages 64
fault crash:backup@5ms

say A sieve of a megabyte writes to its memory without a pause. A copy of it is old before it is complete.
say when copying round=1: So all pages are sent once, while the guest runs, and those that it changes are noted.
say when copying round=2: Then those that have changed meanwhile; there are fewer, so this round is shorter, and fewer
  change during it.
say when copied: When few are left the guest stands still for them and for its registers; FT VMotion does the same
  (section 3.1 of the paper).
say when members primary backups=spare: Protected again. The guest was slower for a moment, and never knew why.

expect in order: crash backup, joining primary, copying round=1, copying round=2, copied primary, installed spare, members primary backups=spare
never live
expect outcome completed
expect no violation
