# Two backups, and the primary dies: one survivor goes live, the other follows it.

guest bank
backups 2
fault crash:primary@20ms

say Outputs wait for the acknowledgements of both backups, so each of them could go on.
say when suspected: Both find out at the same time, and both ask.
say when lost: One record for each generation: the first claim that reaches storage is it.
say when following by backup2: The loser asks the winner to go on from the last entry that it has. Its machine is good: nothing has to be
  copied.

expect in order: crash primary, won backup, live backup, lost backup2, following backup2 primary=backup
expect once live
never joining
expect outcome completed
expect no violation
