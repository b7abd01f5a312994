------------------------------ MODULE MCGateway ------------------------------
(***************************************************************************)
(* One slot, as the profile `protected-keepalive` has it, and two; a server *)
(* that notices in three ticks, and one that never does.                   *)
(***************************************************************************)
EXTENDS Gateway

OneAndOnly == {"laptop"}
Two == {"laptop", "telephone"}
Three == {"laptop", "telephone", "desk"}
None == {}
=============================================================================
