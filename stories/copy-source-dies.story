# A crash during the copy: the only complete machine dies, and half a copy does not go live.

guest bank
spares 1
tuning copyPages 1
tuning copyWindow 1
tuning stopPages 0
fault crash:primary@20ms
fault crash:backup@31.55ms

say Two failures within the time that protection takes are one too many. What remains is to do no harm.
say when crash backup: The spare has some pages of the machine, of different moments. No machine was ever in that state.
say at the end: The bank is closed, and its customers have seen nothing that is not in its books.

expect in order: crash primary, live backup, joining backup host=spare, crash backup
never live spare
never installed spare
expect outcome lost
expect no violation
