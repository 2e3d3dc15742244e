# A planned switch-over: the backup goes live, and the primary becomes its backup.

guest bank
fault command:switch-over@20ms

say The host of the primary is to be serviced. Nobody has to fail for that.
say when switching: The guest stands still until every output has arrived and no disk operation is under way. Then the
  log says: it goes on over there.
say when won: The claim names the old primary as a backup: protection does not pause.
say when live: Nothing is pending, so nothing is released a second time.
say when following by primary: Roles are exchanged.

expect in order within 1ms: switching primary, won backup, live backup pending=0, members backup backups=primary, following primary
never suspected
expect outcome completed
expect no violation
