------------------------------ MODULE Counter ------------------------------
(* A counter that goes round, and can be asked to break a property of each *)
(* kind.                                                                   *)
EXTENDS Naturals, Sequences

CONSTANTS
  Max,
  Stop  \* may it rest at Max for ever, no step being enabled?

VARIABLES n, log, who

vars == <<n, log, who>>

Init == n = 0 /\ log = <<>> /\ who = [a |-> "idle", b |-> [x |-> TRUE, y |-> {1, 2}]]

Up(by) ==
  /\ n + by <= Max
  /\ n' = n + by
  /\ log' = <<n>>
  /\ UNCHANGED who

Reset ==
  /\ n = Max
  /\ ~Stop
  /\ n' = 0
  /\ log' = <<>>
  /\ who' = [who EXCEPT !.a = "reset"]

Next == (\E by \in 1..2 : Up(by)) \/ Reset

Spec == Init /\ [][Next]_vars
Fair == Spec /\ WF_vars(Next)

TypeOK == n \in 0..Max
Small == n < 3
Grows == [][n' > n]_n
Settles == <>[](n = 0)
Reaches == [](n = 0 => <>(n = Max))
Tall == [](n = 1 => <>(n = 7))
=============================================================================
