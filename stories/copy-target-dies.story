# A crash during the copy: the new backup dies, and another host takes its place.

guest bank
spares 2
tuning copyPages 1
tuning copyWindow 1
tuning stopPages 0
fault crash:primary@20ms
fault crash:spare@31.55ms

say A joining host is not a backup yet: the generation record does not name it, and no output waits for it.
say when crash spare: The copy is half done.
say when join-ended: It does not answer; the copy is aborted. The guest was not paused.
say when installed spare2: The next spare host.

expect in order: crash primary, live backup, joining backup host=spare, crash spare, join-ended backup host=spare, joining backup host=spare2, installed spare2, members backup backups=spare2
never members backups=spare
expect outcome completed
expect no violation
