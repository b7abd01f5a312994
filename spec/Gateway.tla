------------------------------- MODULE Gateway -------------------------------
(***************************************************************************)
(* Many links of one user at one server (P:35).  GATE-1: beyond            *)
(* links_per_user a new link is refused, until DEAD-5 has freed one.       *)
(*                                                                         *)
(* Of a link there is only what this rule asks: whether the user still     *)
(* lives on it, and whether the server's end is open.  A user may vanish   *)
(* without a word, as a traveller's machine does; the server's end then    *)
(* closes after `GivesUp` ticks, the bound that Step gives for its policy, *)
(* or never, where nobody expects heartbeats and no negotiation comes.     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Slots,         \* links_per_user; 0: as many as there are names
  Names,         \* the links that the user may open
  GivesUp,       \* ticks in which the server's end notices that its user is gone; 0: never
  Dropped        \* a mutant: "Refuse: GATE-1", "Open: GATE-1", "Close: DEAD-5"

VARIABLES
  user,          \* user[l]: none, asks, lives, refused, vanished
  server,        \* server[l]: closed, open
  alone          \* alone[l]: ticks since the user vanished from an end that is open

vars == <<user, server, alone>>

Held == {l \in Names : server[l] = "open"}
Full == Slots > 0 /\ Cardinality(Held) >= Slots

Init ==
  /\ user = [l \in Names |-> "none"]
  /\ server = [l \in Names |-> "closed"]
  /\ alone = [l \in Names |-> 0]

(* Names are used again: a user who lost a link, or was refused, asks anew. *)
Ask(l) ==
  /\ \A x \in Names : user[x] \notin {"asks", "refused"}  \* one at a time
  /\ user[l] \in {"none", "vanished"} /\ server[l] = "closed"
  /\ user' = [user EXCEPT ![l] = "asks"]
  /\ UNCHANGED <<server, alone>>

Open(l) ==
  /\ user[l] = "asks"
  /\ ~Full \/ "Open: GATE-1" \in Dropped
  /\ user' = [user EXCEPT ![l] = "lives"]
  /\ server' = [server EXCEPT ![l] = "open"]
  /\ UNCHANGED alone

Refuse(l) ==
  /\ user[l] = "asks"
  /\ Full \/ "Refuse: GATE-1" \in Dropped
  /\ user' = [user EXCEPT ![l] = "refused"]
  /\ UNCHANGED <<server, alone>>

(* CLOSE-1: an orderly end frees the slot at once.                         *)
Shut(l) ==
  /\ user[l] = "lives"
  /\ user' = [user EXCEPT ![l] = "none"]
  /\ server' = [server EXCEPT ![l] = "closed"]
  /\ UNCHANGED alone

Vanish(l) ==
  /\ user[l] = "lives"
  /\ user' = [user EXCEPT ![l] = "vanished"]
  /\ UNCHANGED <<server, alone>>

Lost(l) == server[l] = "open" /\ user[l] # "lives"

(* DEAD-3, DEAD-5: the server's end notices, and frees what it held.       *)
Close(l) ==
  /\ Lost(l) /\ GivesUp > 0
  /\ "Close: DEAD-5" \notin Dropped
  /\ server' = [server EXCEPT ![l] = "closed"]
  /\ alone' = [alone EXCEPT ![l] = 0]
  /\ UNCHANGED user

(* A refused user asks again when time has passed; what is due comes first. *)
Due(l) == Lost(l) /\ GivesUp > 0 /\ alone[l] >= GivesUp /\ "Close: DEAD-5" \notin Dropped
Tick ==
  /\ \A l \in Names : user[l] # "asks" /\ ~Due(l)
  /\ alone' = [l \in Names |-> IF Lost(l) /\ alone[l] <= GivesUp THEN alone[l] + 1 ELSE alone[l]]
  /\ user' = [l \in Names |-> IF user[l] = "refused" THEN "asks" ELSE user[l]]
  /\ UNCHANGED server

Next == Tick \/ \E l \in Names : Ask(l) \/ Open(l) \/ Refuse(l) \/ Shut(l) \/ Vanish(l) \/ Close(l)

(* Time passes, who asks is answered, and an end that notices closes.       *)
Fairness == WF_vars(Tick) /\ \A l \in Names : WF_vars(Open(l)) /\ WF_vars(Refuse(l)) /\ WF_vars(Close(l))

Spec == Init /\ [][Next]_vars /\ Fairness

-----------------------------------------------------------------------------
TypeOK ==
  /\ user \in [Names -> {"none", "asks", "lives", "refused", "vanished"}]
  /\ server \in [Names -> {"open", "closed"}]
  /\ alone \in [Names -> 0..(GivesUp + 1)]

(* GATE-1: never more than there are slots; DEAD-5: never longer than it   *)
(* takes to notice.                                                        *)
WithinSlots == Slots > 0 => Cardinality(Held) <= Slots
FreedInTime == \A l \in Names : alone[l] <= GivesUp

(* Nobody is refused who has room.                                         *)
RefusedForAReason == [][\A l \in Names : user[l] = "asks" /\ user'[l] = "refused" => Full]_vars

(* A user who has lost all links and asks for one has one again in the end. *)
Living == {l \in Names : user[l] = "lives"}
AdmittedAgain == (\E l \in Names : user[l] = "asks") ~> (Living # {})
=============================================================================
