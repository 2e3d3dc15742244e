# The link between primary and backup fails for a moment: outputs wait, and there is no failover.

guest bank
fault partition:primary-backup@20ms+6ms

say Shorter than the 10 ms after which a host is suspected. both-suspect shows a longer one.
say when partition: The guest keeps running; its outputs are held.
say when partition phase=ends: Messages in flight arrive now, as with TCP. The acknowledgements follow, and all held
  outputs are released.

never suspected
never released after partition before partition phase=ends
expect in order within 1ms: partition phase=ends, acknowledged primary, released primary
expect outcome completed
expect no violation
