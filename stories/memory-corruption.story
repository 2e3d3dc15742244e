# A bit flips in the memory of the backup: what a protocol for hosts that stop does about one that errs.

guest bank
fault flip:backup@20ms=4096.3

say The paper's protocol is for fail-stop failures (section 1): a host that fails does so before it does anything wrong.
say when flip: A bit flips in the memory of the backup's machine. Nobody is told.
say when diverged: The damaged machine does what the log contradicts; had it not, the hash of the primary's state, which
  the log holds now and then, would be another. Nobody guesses which of the two is right: the run stops. Without these
  checks a client would find the error, after the next failover.

expect outcome diverged
expect diverged backup
