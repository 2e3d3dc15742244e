# Can a deposed primary still answer a client? It is paused, replaced, and resumes.

guest kv
clients 2
fault pause:primary@9ms+30ms

say Two clients use a key-value server. Its host is paused for 30 ms, without noticing.
say when pause: To the backup a pause looks like a crash.
say when live: The backup serves the clients from here on.
say when suspected by primary: The old primary resumes. It still acts as the primary, and answers the requests in its
  inbox: but its outputs wait for an acknowledgement of generation 1, and there is none. To continue without the
  backup it needs the test-and-set first (section 2.3).
say when lost: Generation 2 is taken. What this host did since is void, and none of it has left.
say when installed: It is a spare host now, and becomes the new backup.
say at the end: The Output Rule alone silences a deposed primary: without acknowledgements it releases nothing. Outputs
  that it had already released are stopped by fencing: console, switch and storage refuse all generations older than
  the newest that they have seen.

expect in order: pause primary, suspected by backup, won backup, live backup, suspected by primary, lost primary, evicted primary
expect once live
never released primary after live backup before installed primary
expect outcome completed
expect no violation
