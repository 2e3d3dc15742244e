# The link between primary and backup breaks for a moment: outputs wait, and nobody takes over.

guest bank
fault partition:primary-backup@20ms+6ms

say Less than the 10 ms after which a side is suspected. both-suspect shows a longer one.
say when partition: The guest runs on; what it makes is held.
say when partition phase=ends: What was under way arrives now, as TCP would see to. The acknowledgements follow, and
  everything that was held leaves at once.

never suspected
never released after partition before partition phase=ends
expect in order within 1ms: partition phase=ends, acknowledged primary, released primary
expect outcome completed
expect no violation
