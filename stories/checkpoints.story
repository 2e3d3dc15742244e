# Checkpoints instead of replay: the backup takes over changed pages, and outputs wait for the next of them.

guest bank
replication checkpoint
fault crash:primary@24ms

say The other way to keep a backup (section 6 of the paper names it): every 10 ms the pages that have changed are sent. Nothing is replayed, so
  the guest need not be deterministic. But outputs wait until the state that made them is over there.
say when released: 10 ms, where a log entry takes a tenth of a millisecond.
say when crash: Whatever the guest did since the last checkpoint is lost, and nobody has seen it.
say when live: The backup goes on from the last checkpoint that it holds whole.

expect in order: held primary, released primary, crash primary, live backup
expect outcome completed
expect no violation
