------------------------------- MODULE Bounds --------------------------------
(***************************************************************************)
(* What the models have in common: what users wish to send, what they do,  *)
(* and which ends and kinds of message a bound is about.                   *)
(***************************************************************************)
EXTENDS Properties

Nothing(e, n) == FALSE
UpTo1(e, n) == n <= 1
UpTo2(e, n) == n <= 2
UpTo3(e, n) == n <= 3
TwoAndOne(e, n) == n <= IF e = "client" THEN 2 ELSE 1
OneAndTwo(e, n) == n <= IF e = "client" THEN 1 ELSE 2
One == {1}
OneOrTwo == {1, 2}
None == {}
Both == {"client", "server"}
Anything == Kind
=============================================================================
