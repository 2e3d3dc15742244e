# A disk write in flight when the primary dies is reissued, and applied once.

guest journal
fault crash:primary@2.3ms
show disk-issued id=86

say A journal writes its records to a shared disk. Operation 86 writes record 2; the guest is idle until it completes.
say when disk-issued id=86: A write is an output: it left when the backup had acknowledged the entries that cover it.
say when crash: Was it completed? A completion is a log entry, and there is none.
say when live: The new primary cannot know whether the write reached the disk. An error would be wrong if it did, so it
  reissues the write (section 3.4 of the paper).
say at the end: The same sector, data and operation number: the disk applies it once, and the write is idempotent anyway.
  The guest finds every record after its restarts, and a checker compares the disk with that of a fault-free machine.

expect in order: disk-issued primary id=86, crash primary, live backup, disk-issued backup id=86 again=true
expect outcome completed
expect exit code 0
expect no violation
