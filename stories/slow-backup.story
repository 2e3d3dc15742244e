# The backup runs on a slow host: it falls behind, and the primary is slowed until it keeps up.

guest primes
define LIMIT 1000000
speed backup 0.5

say The host of the backup is half as fast. It acknowledges what it holds, not what it has executed, so outputs need not wait. But
  before it can go live it must execute all of it: the execution lag adds to the time without service (section 3.2 of the paper).
say when slowed: The lag is above its bound, 50 ms here and a second in the paper. The guest on the primary gets a little less of
  the processor, again and again, until the backup keeps up.
say at the end: The primary has less and less of its processor, until the backup is close behind: that is what was asked for.

expect slowed primary
never full
expect outcome completed
expect no violation
