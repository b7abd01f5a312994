"""Audit: somebody's recorded log, judged in one pass with bounded memory.

Read in this order: `reading` (from bytes to rows, and what is a bad line), `seats` (one oracle for each end of each
link), `resting` (what is remembered of ends that nobody follows now), `room` (a gateway's bound), `findings` (what is
kept of what went wrong), `onelog` (a log), `stream` (a file's logs, one after the other), `follow` (files that grow),
`shards` (several processes), `outcome` (verdicts and a report), `audit` (all of it)."""
