# Why does the network card wait? The Output Rule, and clients that remember their answers.

guest kv
clients 2
fault partition:primary-backup@9ms+30ms
fault crash:primary@15ms

say Two clients use a key-value server. Each answer waits until the backup has acknowledged the entries that cover it
  (section 2.2 of the paper); only the network card waits, the guest keeps running.
say when released: Acknowledged: the backup can reproduce this answer after any failure.
say when partition: The link to the backup fails. The server executes requests, but no answer leaves.
say when crash: What the primary did since is lost. No client has seen any of it.
say when live: The clients repeat their requests, and the new primary answers them.
say at the end: output-rule-off shows the same run with a network card that does not wait.

expect in order: held primary, acknowledged primary, released primary, partition, crash primary, live backup, released backup
never released after partition before live
expect outcome completed
expect no violation
