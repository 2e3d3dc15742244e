# A disk write under way when the primary dies is started again, and applied once.

guest journal
fault crash:primary@2.3ms
show disk-issued id=86

say A journal writes its records to a disk that both hosts reach. Operation 86 writes record 2; the guest sleeps until it is done.
say when disk-issued id=86: A write is an output: it left when the backup had acknowledged what leads to it.
say when crash: Was it done? The completion would be an entry of the log, and there is none.
say when live: The new primary cannot be sure whether the write reached the disk. An error would be wrong if it did, so it
  starts the write again (section 3.4 of the paper).
say at the end: The same sector, the same data, the same number: the disk does it once, and even twice would do no harm.
  The guest finds every record after its restarts, and a checker compares the disk with that of a faultless machine.

expect in order: disk-issued primary id=86, crash primary, live backup, disk-issued backup id=86 again=true
expect outcome completed
expect exit code 0
expect no violation
