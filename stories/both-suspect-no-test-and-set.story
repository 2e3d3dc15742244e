# The same broken link without the test-and-set: two primaries (split brain).

guest bank
unsafe test-and-set
fault partition:primary-backup@20ms+30ms

say As in both-suspect, but each host continues without the other and without a test-and-set.
say when live: The backup is live ...
say when suspected by primary: ... and the primary continues alone too. Two machines answer the same customers.
say at the end: The checkers judge by what is visible outside: storage gave generation 2 to nobody, and no single
  machine would have printed what customers saw.

expect members backup backups=none
expect members primary backups=none
expect violation one-live
expect violation outputs-covered
