# The same without kept frames: a request is lost, and its client asks again.

guest kv
clients 2
unsafe keep-frames
fault crash:primary@entry=60

say The switch forgets a frame once it has sent it to the primary.
say when crash: The two requests that had reached only this host are lost for good.
say when live: The backup continues without them. Their clients wait in vain, until they ask again.
say at the end: Nothing wrong is answered: a network may lose frames. It only takes longer.

expect once live backup
expect outcome completed
expect violation input-once
