# Storage is down during a failover: the backup does not go live until it answers.

guest bank
fault crash:primary@20ms
fault outage:storage@25ms+40ms

say Shared storage arbitrates which host is the primary. What if it does not answer when it is needed?
say when outage: Every request that reaches it now is lost.
say when claimed: The primary might have claimed generation 2 itself. Without an answer the backup cannot rule that
  out. It repeats its claim until it is answered.
say when won: Storage answers again. The claim is idempotent: repeated by the same replica it is won, even if an
  earlier request was executed.
say at the end: Storage is needed for liveness, not for safety: the service was down for 50 ms.

expect in order: crash primary, outage, claimed by backup, outage phase=ends, won backup, live backup
never live after crash before outage phase=ends
never released after crash before won backup
expect outcome completed
expect no violation
