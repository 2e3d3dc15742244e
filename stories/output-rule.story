# Why does the network card wait? The output rule, and clients who know what they were told.

guest kv
clients 2
fault partition:primary-backup@9ms+30ms
fault crash:primary@15ms

say Two clients use a key-value server. Each answer waits until the backup has acknowledged the entries that lead to it
  (section 2.2 of the paper); only the network card waits, the guest runs on.
say when released: Acknowledged: whatever happens now, the backup can give this answer too.
say when partition: The link to the backup breaks. The server takes requests and carries them out, but no answer leaves.
say when crash: What it has done meanwhile is lost with it. No client has heard of any of it.
say when live: The clients repeat their requests, as over any network, and are answered from here.
say at the end: output-rule-off shows the same run with a network card that does not wait.

expect in order: held primary, acknowledged primary, released primary, partition, crash primary, live backup, released backup
never released after partition before live
expect outcome completed
expect no violation
