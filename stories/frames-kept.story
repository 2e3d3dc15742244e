# Are requests lost that only the failed primary had?

guest kv
clients 2
fault crash:primary@entry=60

say Two clients use a key-value server. The switch numbers the frames for it, and keeps each until the primary says that
  the backup holds its log entry.
say when crash: With the primary two requests are lost that had reached only this host.
say when live: The backup announces itself, with the number of the next frame that its guest needs. The switch sends the
  frames from there on again, and the clients get their answers without having asked twice.
say at the end: On a real network a lost frame would be sent again by TCP, but only after a second or more: the client
  would notice the failure (the paper leaves it at that, section 3.5).

expect crash primary
expect once live backup
expect outcome completed
expect no violation
