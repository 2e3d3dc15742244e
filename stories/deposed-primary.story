# Can a deposed primary still answer a client? It stands still, is replaced, and comes back.

guest kv
clients 2
fault pause:primary@9ms+30ms

say Two clients use a key-value server. Its host stands still for 30 ms, as hosts do; afterwards it does not know that
  it stood still.
say when pause: From outside this looks like death.
say when live: The backup serves the clients from here on.
say when suspected by primary: The old primary is back. It believes that it is live, and answers the requests in its
  inbox: but its outputs wait for an acknowledgement of generation 1, and there is none. To go on without the backup
  it must ask shared storage first (section 2.3).
say when lost: Storage has given generation 2 away. Whatever this side did since is void, and none of it was seen.
say when installed: It is a host with room now, and becomes the new backup.
say at the end: The output rule alone keeps a deposed primary quiet: who cannot be acknowledged cannot speak. What it
  had already sent is stopped by fencing: console, switch and storage take nothing from a generation older than the
  newest that they have heard of.

expect in order: pause primary, suspected by backup, won backup, live backup, suspected by primary, lost primary, evicted primary
expect once live
never released primary after live backup before installed primary
expect outcome completed
expect no violation
