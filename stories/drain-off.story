# A backup that goes live without executing what it has received tells customers two stories.

guest bank
speed backup 0.02
unsafe drain
unsafe lag-control
fault crash:primary@icount=100000

say The backup is slow, so it holds many entries that it has not executed. They are acknowledged: customers have seen what they explain.
say when live: The rule that all of them are executed first (section 2.3) is off. The machine goes live in the past ...
say at the end: ... and from there takes another way: a receipt that a customer holds gets another number.

expect in order: crash primary, live backup
expect violation outputs-covered
