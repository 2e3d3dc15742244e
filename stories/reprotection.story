# Re-protection: the survivor gets a new backup, and so survives a second crash.

guest bank
spares 2
fault crash:primary@20ms
fault crash:backup@60ms

say A VM without a backup does not survive the next failure. So the primary selects a spare host and copies the machine
  there while the guest runs (FT VMotion, section 3.1).
say when joining: The guest runs during the copy. Pages that it dirties are sent again in the next round.
say when copied: Few pages are left: the guest is paused for these and the registers. From here on the log is sent as well.
say when installed: The host has the machine, checks its hash, and replays.
say when members backup backups=spare: Only now that it is eligible is it recorded as a backup, and outputs wait for it
  from here on.
say when crash backup: The second failure.

expect in order: crash primary, live backup, joining backup host=spare, copied backup, installed spare, members backup backups=spare
expect in order: crash backup, suspected by spare, won spare, live spare
expect outcome completed
expect no violation
