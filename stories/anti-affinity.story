# The new backup is placed in another rack, so the VM survives the loss of a whole rack.

guest bank
spares 2
domain primary rack-a
domain backup rack-b
domain spare rack-b
domain spare2 rack-c
fault crash:primary@20ms
fault domain:rack-b@60ms

say Two hosts are free. One of them is in the rack of the survivor, behind the same fuse.
say when joining: A free host in a rack without a replica is preferred, whatever its load (anti-affinity).
say when domain: The fuse of rack b blows: the primary and the host that was not chosen lose power together.
say when live spare2: The backup in the other rack goes live.

expect in order: crash primary, live backup, joining backup host=spare2, members backup backups=spare2
expect in order: domain, crash backup, crash spare, live spare2
expect outcome completed
expect no violation
