# The primary dies after the output left: it is released again, and dropped as a duplicate.

guest bank
fault crash:primary@1.24ms
show delivered first=18

say The same as in primary-dies-before-output, less than 0.1 ms later: the answer has just reached the console when the
  primary dies, and the backup does not know that.
say when crash: The customer has the answer.
say when live: Did outputs 18 to 49 leave, or not? "There is no way that the backup can
  determine if a primary crashed immediately before or after sending its last output" (section 2.2 of the paper). So it
  releases them again: a lost answer would be worse than a duplicate.
say at the end: The customer sees no duplicate. Both machines number the same byte alike, and the console drops
  numbers that it has seen. The paper leaves that to TCP, and to disks, where a repeated write is idempotent.

expect in order: released primary first=18, delivered first=18, crash primary, live backup pending=32, released backup first=18
expect once delivered first=18
expect output 18 once
expect outcome completed
expect no violation
