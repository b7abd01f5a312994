"""The rules as a pure state machine: no clock, no randomness, no dependency.

Read in this order: `vocabulary` (what is said), `policy` (what is chosen), `state` (what an end remembers), `guards`
(what is allowed, by rule; its tables are in `taking` and `own`), `obligations` (what is due, and when), `step` (what
changes), `engine` (an end that does what is due as soon as it is due), `gateway` (many ends, and whom it admits)."""
