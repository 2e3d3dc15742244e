# The same without the output rule: clients were told what the survivor does not know.

guest kv
clients 2
unsafe output-rule
fault partition:primary-backup@9ms+30ms
fault crash:primary@15ms

say As in output-rule, but answers leave at once. They are faster by a tenth of a millisecond, and for a while all is well.
say when partition: The link to the backup breaks, and the clients notice nothing: they are answered.
say when crash: And now what they were told is known to nobody but them.
say when live: The backup goes on from before the break.
say at the end: A replica that contradicts what was said in its name is worse than none.

expect released primary
expect violation output-rule
expect violation acknowledged-requests
expect violation linearizable
expect violation outputs-covered
