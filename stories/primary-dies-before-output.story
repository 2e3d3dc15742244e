# The primary dies after the acknowledgement and before the output leaves: nothing is lost.

guest bank
fault crash:primary@1.15ms

say The bank answers its first customer: outputs 18 to 49, one number for each byte. They wait at the primary until
  the backup has acknowledged the log entries that cover them. That is the Output Rule (section 2.2 of the paper).
say when crash: The entries have reached the backup, and its acknowledgement is in flight to the dead primary. The
  customer has seen nothing, but the backup can reproduce the answer.
say when suspected: No heartbeat for 10 ms (section 2.3).
say when live: It has replayed every entry that it received, up to the instruction at which the primary made the
  answer. It cannot know whether the answer left, so it releases it.
say at the end: The customer waited 10 ms longer, and got the same answer: random numbers, time and keys up to there
  came from the log.

expect in order: held primary first=18, crash primary, suspected by backup, won backup, live backup, released backup first=18
expect output 18 once
never released primary first=18
never live primary
expect down time below 15ms
expect outcome completed
expect no violation
