# A disk that writes into guest memory by itself: the guest sees its data at another step here than there.

guest race
unsafe bounce-buffers

say The guest reads a sector and looks into its buffer, again and again, until the last bytes are there. It counts the looks.
say The rule is off that data land in guest memory only with the completion, at the step that the log names (the bounce buffers of section 3.4). So they land when they come; of that the log knows nothing.
say when diverged: The backup has them only with the completion, and counted on: the two machines have taken other ways.

expect outcome diverged
expect diverged backup
