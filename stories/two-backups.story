# Two backups, and the primary dies: one survivor goes live, the other follows it.

guest bank
backups 2
fault crash:primary@20ms

say Outputs wait for the acknowledgements of both backups, so each of them is eligible.
say when suspected: Both suspect the primary at the same time, and both claim generation 2.
say when lost: Storage has one record per generation: the first claim wins.
say when following by backup2: The loser asks the winner for the log after its last entry. It is in sync, so no state is
  copied.

expect in order: crash primary, won backup, live backup, lost backup2, following backup2 primary=backup
expect once live
never joining
expect outcome completed
expect no violation
