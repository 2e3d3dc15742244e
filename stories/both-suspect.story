# Primary and backup suspect each other: the link between them fails, and one test-and-set decides.

guest bank
fault partition:primary-backup@20ms+30ms

say No host dies. Only the link between the hosts is down for 30 ms; both still reach clients and storage. If both
  continued there would be two primaries (split brain).
say when partition: The guest keeps running, and its outputs accumulate at the primary: no acknowledgement, no output.
say when suspected by backup: The backup cannot distinguish a dead primary from a dead link, and need not.
say when claimed by backup: An atomic test-and-set on shared storage lets one of them continue (section 2.3).
say when suspected by primary: The primary suspects the backup a moment later ...
say when lost: ... and learns that generation 2 is taken. It discards the outputs that it held: nobody has seen them.
say when partition phase=ends: The link is up again. The loser becomes the backup of the winner.

expect in order: partition, suspected by backup, won backup generation=2, live backup, claimed by primary generation=2, lost primary generation=2
never won primary
expect in order: partition phase=ends, installed primary, members backup backups=primary
expect outcome completed
expect no violation
