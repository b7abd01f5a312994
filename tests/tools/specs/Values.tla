------------------------------- MODULE Values -------------------------------
(* Values of every kind, one after the other; then a deadlock prints them.  *)
EXTENDS Integers, Sequences, TLC

CONSTANTS A, B
VARIABLES i, v

data == [kind |-> "data", epoch |-> 1, number |-> 5]

values ==
  << 1..3, SUBSET {1, 2}, [1..2 -> {1}], [x : {1}], {1} \X {2}, [k \in {1, 3} |-> k], [k \in {"a", "b c"} |-> k],
     A, {A, B}, "q\"uo\\te\ttab\nline", -5, [k \in {} |-> k], {}, <<>>, [a |-> [b |-> <<{1}, TRUE>>]],
     [k \in 1..2 |-> k + 10], [k \in {A} |-> [j \in {<<1, 2>>} |-> {}]], [j \in 1..30 |-> "abcdefghij"],
     [k \in {"client", "server"} |-> [phase |-> "open", queue |-> <<data, data, data>>]], [k \in {-1, 0} |-> k] >>

Init == i = 1 /\ v = values[1]
Next == i < Len(values) /\ i' = i + 1 /\ v' = values[i + 1]
=============================================================================
