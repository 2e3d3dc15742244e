# The primary dies after the output left: it is released again, and dropped by its number.

guest bank
fault crash:primary@1.24ms
show delivered first=18

say The same as in primary-dies-before-output, less than 0.1 ms later: the answer has just reached the console when the
  primary dies, and the backup has not been told.
say when crash: The customer has the answer.
say when live: Did outputs 18 to 49 leave, or not? "There is no way that the backup can
  determine if a primary crashed immediately before or after sending its last output" (section 2.2 of the paper). So it
  releases them again: a lost answer would be worse than one that comes twice.
say at the end: Here it is not even twice. Both sides give the same byte the same number, and the console drops the
  numbers that it has seen. The paper leaves that to TCP, and to disks where a second write does no harm.

expect in order: released primary first=18, delivered first=18, crash primary, live backup pending=32, released backup first=18
expect once delivered first=18
expect output 18 once
expect outcome completed
expect no violation
