# A planned switch-over: the backup goes live, and the primary becomes its backup.

guest bank
fault command:switch-over@20ms

say Maintenance of the primary's host, without a failure.
say when switching: The guest is paused until every output is delivered and no disk operation is in flight. Then a log
  entry makes the backup go live.
say when won: The claim names the old primary as a backup: the VM stays protected.
say when live: Nothing is pending, so nothing is released a second time.
say when following by primary: Roles are exchanged.

expect in order within 1ms: switching primary, won backup, live backup pending=0, members backup backups=primary, following primary
never suspected
expect outcome completed
expect no violation
