# Storage is away during a failover: nobody goes live until it answers.

guest bank
fault crash:primary@20ms
fault outage:storage@25ms+40ms

say Shared storage decides who is live. What if it does not answer just when it is needed?
say when outage: Every request that reaches it now is lost.
say when claimed: Dead or not, the primary might have claimed generation 2 itself. Without an answer the backup cannot
  rule that out. It asks again and again, and assumes nothing.
say when won: Storage answers again. Whether an earlier request had been carried out makes no difference: a claim that
  is made twice by the same side is won.
say at the end: Safety never depended on storage being there, only the service did: 50 ms without a bank.

expect in order: crash primary, outage, claimed by backup, outage phase=ends, won backup, live backup
never live after crash before outage phase=ends
never released after crash before won backup
expect outcome completed
expect no violation
