# A crash during the copy: the only eligible replica dies, and a partial copy does not go live.

guest bank
spares 1
tuning copyPages 1
tuning copyWindow 1
tuning stopPages 0
fault crash:primary@20ms
fault crash:backup@31.55ms

say A second failure before re-protection has finished ends the service. It must not do further harm.
say when crash backup: The spare has some pages of the machine, from different times. No machine was ever in that state.
say at the end: The service has ended, and every output that customers have seen was correct.

expect in order: crash primary, live backup, joining backup host=spare, crash backup
never live spare
never installed spare
expect outcome lost
expect no violation
