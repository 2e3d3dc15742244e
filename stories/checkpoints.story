# Checkpoints instead of replay: the backup receives changed pages, and outputs wait for the next checkpoint.

guest bank
replication checkpoint
fault crash:primary@24ms

say The alternative to replay (section 6 of the paper; Remus): every 10 ms the changed pages are sent. Nothing is
  replayed, so the guest need not be deterministic. But outputs wait until the backup holds the state that made them.
say when released: After up to 10 ms; with a log it takes a tenth of a millisecond.
say when crash: All steps since the last checkpoint are lost; none of their outputs had left.
say when live: The backup continues from the last checkpoint that it holds completely.

expect in order: held primary, released primary, crash primary, live backup
expect outcome completed
expect no violation
