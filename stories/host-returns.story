# The host that died restarts empty, and becomes the new backup.

guest bank
fault crash:primary@20ms+30ms

say There is no spare host. But the host that died becomes one when it restarts.
say when live: The backup continues alone.
say when crash primary phase=ends: Its memory is empty. Its earlier role is void: it was evicted from generation 2.
say when joining: It gets a copy of the whole machine, as any new backup.

expect in order: crash primary, live backup, members backup backups=none, crash primary phase=ends, joining backup host=primary how=copy, installed primary, members backup backups=primary
never members backup backups=none after installed primary
expect outcome completed
expect no violation
