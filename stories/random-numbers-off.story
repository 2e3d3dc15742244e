# Has all non-determinism been captured? Random numbers that are not logged, and how that is noticed.

guest dice
unsafe log-entropy

say The guest rolls dice: it asks the machine for random numbers. With the rule on, each number goes into the log, and the
  backup takes it from there.
say Now each machine draws its own. The log still records, with each output, the instruction at which the guest made it:
  so the backup can be compared.
say when diverged: Other numbers take another path through the program. The backup makes its outputs at other
  instructions than the log says, and stops. Whatever is forgotten in the log ends like this.

expect outcome diverged
expect diverged backup
