------------------------------- MODULE Faults -------------------------------
(* Each way in which a spec that parses can stop TLC.                      *)
EXTENDS Naturals, Sequences, TLC

CONSTANT Kind
VARIABLE n

Init == n = 0

Fault ==
  CASE Kind = "type" -> n + "one"
    [] Kind = "assertion" -> IF Assert(n < 1, "n is not small") THEN n + 1 ELSE 0
    [] Kind = "memory" -> Len([i \in 1..60000000 |-> i])

Next == n' = Fault
=============================================================================
