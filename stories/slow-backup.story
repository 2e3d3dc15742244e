# The backup runs on a slow host: it falls behind, and the primary is slowed until it keeps up.

guest primes
define LIMIT 1000000
speed backup 0.5

say The host of the backup is half as fast. It acknowledges entries when it receives them, not when it has executed
  them, so outputs are not delayed. But before it goes live it must execute all of them: the execution lag adds to the
  down time (section 3.2 of the paper).
say when slowed: The lag is above its bound, 50 ms here and a second in the paper. The guest on the primary gets less and less
  of the processor, until the backup keeps up.
say at the end: The primary runs at the speed of the backup, which is close behind: this bounds the down time.

expect slowed primary
never full
expect outcome completed
expect no violation
