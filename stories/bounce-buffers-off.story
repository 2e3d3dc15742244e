# DMA without bounce buffers: primary and backup see the disk's data at different steps.

guest race
unsafe bounce-buffers

say The guest reads a sector and polls its buffer until the last bytes are there. It counts the polls.
say With the bounce buffers of section 3.4, data reach guest memory only with the completion, at the step that the log
  records. Without them data arrive at any time, which the log does not record.
say when diverged: On the backup they arrive with the completion, so it counted more polls: the machines have diverged.

expect outcome diverged
expect diverged backup
