# The host that died has power again, knows nothing, and becomes the new backup.

guest bank
fault crash:primary@20ms+30ms

say No host is spare. But a host whose power is back has room.
say when live: The backup goes on alone.
say when crash primary phase=ends: Its memory is empty. What it did before does not count: it was left out of generation 2.
say when joining: A new backup is a new backup, wherever it comes from: the whole machine is copied.

expect in order: crash primary, live backup, members backup backups=none, crash primary phase=ends, joining backup host=primary how=copy, installed primary, members backup backups=primary
never members backup backups=none after installed primary
expect outcome completed
expect no violation
