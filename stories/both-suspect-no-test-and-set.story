# The same broken link without the test-and-set: two banks.

guest bank
unsafe test-and-set
fault partition:primary-backup@20ms+30ms

say As in both-suspect, but each side goes on without the other and asks nobody.
say when live: The backup is live ...
say when suspected by primary: ... and the primary goes on alone too. Two machines answer the same customers.
say at the end: Each checker looks from outside: storage gave generation 2 to nobody, and what customers saw is not
  what any one bank would have printed.

expect members backup backups=none
expect members primary backups=none
expect violation one-live
expect violation outputs-covered
