# Both sides suspect each other: the link between them breaks, and one test-and-set decides.

guest bank
fault partition:primary-backup@20ms+30ms

say Nobody dies. Only the link between the hosts carries nothing for 30 ms; both still reach the world and storage.
  If both went on there would be two banks with one set of books (split brain).
say when partition: The guest runs on, and its outputs pile up at the primary: no acknowledgement, no output.
say when suspected by backup: The backup hears nothing. Is the primary dead, or the link? It cannot know, and need not.
say when claimed by backup: An atomic test-and-set on shared storage lets one side go on (section 2.3).
say when suspected by primary: The primary comes to the same conclusion a moment later ...
say when lost: ... and learns that generation 2 is taken. What it held back is void. That is no loss: nobody saw it.
say when partition phase=ends: The link is back. The loser becomes the backup of the winner.

expect in order: partition, suspected by backup, won backup generation=2, live backup, claimed by primary generation=2, lost primary generation=2
never won primary
expect in order: partition phase=ends, installed primary, members backup backups=primary
expect outcome completed
expect no violation
