# The same without the Output Rule: clients hold answers that the survivor does not know.

guest kv
clients 2
unsafe output-rule
unsafe keep-frames
fault partition:primary-backup@9ms+30ms
fault crash:primary@15ms

say As in output-rule, but answers are released immediately. They are faster by a tenth of a millisecond. The switch
  keeps no requests either: this server reads no clock, so it would give the same answers to the same requests again.
say when partition: The link to the backup fails, but the clients still get answers.
say when crash: Now only the clients know what was answered since.
say when live: The backup continues from before the link failed.
say at the end: A backup that contradicts released outputs is worse than none.

expect released primary
expect violation output-rule
expect violation acknowledged-requests
expect violation linearizable
expect violation outputs-covered
expect violation input-once
