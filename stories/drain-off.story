# A backup that goes live without draining its log contradicts outputs that customers have seen.

guest bank
speed backup 0.02
unsafe drain
unsafe lag-control
fault crash:primary@icount=100000

say The backup is slow, so it holds many entries that it has not executed. They are acknowledged: customers have seen outputs that they cover.
say when live: The rule that the backup first executes all of them (section 2.3) is disabled. It goes live in the past ...
say at the end: ... and diverges from there: a receipt that a customer holds gets another number.

expect in order: crash primary, live backup
expect violation outputs-covered
expect violation input-once
