# The primary loses its way to storage: the disk stands still, the guest lives.

guest journal
fault partition:primary-storage@5ms+20ms
show disk-issued again=true

say The guest keeps a journal on a shared disk. Its host and the disk lose each other for 20 ms.
say when partition: Primary and backup still hear each other, so nobody is suspected, and nobody takes over. The guest
  waits for its disk as it would wait for any slow one.
say when disk-issued again=true: An operation without an answer is asked for again. The disk does a write once however often
  it is asked: the number tells.
say when partition phase=ends: The answers come.

never suspected
never live
expect disk-issued primary again=true
expect outcome completed
expect exit code 0
expect no violation
