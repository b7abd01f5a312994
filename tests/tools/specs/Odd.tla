-------------------------------- MODULE Odd --------------------------------
(* Texts that look like other things, steps that change nothing, two       *)
(* initial states, one step with two causes and one whose action has no    *)
(* name.                                                                   *)
EXTENDS Naturals, Sequences

VARIABLES s, n

Init == n \in 0..1 /\ s = "a\"b\\c"

Up == n < 2 /\ n' = n + 1 /\ s' = "q\nr<>{}|; -> [label=\"no\"]"
Rest == UNCHANGED <<s, n>>
Back(x) == n = 2 /\ n' = 0 /\ s' = "/\\ n = 5"

Next == Up \/ Rest \/ (\E x \in 1..2 : Back(x)) \/ (n = 2 /\ n' = 7 /\ s' = "far")

Spec == Init /\ [][Next]_<<s, n>>

Near == n < 7
Bounded == n < 7
Stays == [][s' = s]_s
=============================================================================
