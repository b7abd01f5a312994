------------------------------ MODULE KeyHygiene ------------------------------
(***************************************************************************)
(* What a user is promised, and no more: two users talk over a link that   *)
(* may end.  Whatever is said travels under a key, and a key wears out.    *)
(*                                                                         *)
(* Nothing is said here of how: no timer, no message but the users' own,   *)
(* no bytes on a wire.  The protocol keeps this promise if each of its     *)
(* steps is one of these or changes nothing of what is seen here           *)
(* (module Promise).                                                       *)
(***************************************************************************)
EXTENDS Integers, Sequences

CONSTANTS
  Budget,    \* Budget[u]: when u has sealed so much under one key, it seals no more under it; 0: no such promise
  Gapless,   \* does a message wait for those before it?  (Otherwise it may be missing, and is never late.)
  Foe        \* what the adversary learns: "nothing", a "retired" key, or "any"

VARIABLES
  accepted,  \* accepted[u]: how many messages u has handed over
  sealed,    \* sealed[u]: for each of those that have left u, in order: the key, and the size
  delivered, \* delivered[u]: which message of u was the last that the other user was given
  key,       \* key[u]: how many keys u has had on this link; the last one is in force there
  sealing,   \* sealing[u]: does u still seal under it?
  trusted,   \* trusted[u]: the keys under which u takes messages
  known,     \* the keys that the adversary knows
  ended      \* ended[u]: has u been told that the link has ended?

seenByUsers == <<accepted, sealed, delivered, key, sealing, trusted, known, ended>>

User == {"client", "server"}
Other(u) == IF u = "client" THEN "server" ELSE "client"
All(x) == [u \in User |-> x]

New ==
  /\ accepted = All(0) /\ sealed = All(<<>>) /\ delivered = All(0)
  /\ key = All(0) /\ sealing = All(FALSE) /\ trusted = All({}) /\ known = {} /\ ended = All(FALSE)

(* How much u has sealed under key k.                                      *)
RECURSIVE Load(_, _)
Load(k, s) == IF s = <<>> THEN 0 ELSE (IF Head(s).key = k THEN Head(s).size ELSE 0) + Load(k, Tail(s))

-----------------------------------------------------------------------------
(* A key may be retired at any time, for sending or taking; it never comes *)
(* back.                                                                   *)
MayRetire == /\ key' = key
             /\ \A u \in User : (sealing'[u] => sealing[u]) /\ trusted'[u] \subseteq trusted[u]
Retire == MayRetire /\ UNCHANGED <<accepted, sealed, delivered, known, ended>>

(* A new key, which the other end has too, or will have, or had first.     *)
Renew(u) ==
  /\ ~ended[u]
  /\ key' = [key EXCEPT ![u] = @ + 1]
  /\ sealing' = [sealing EXCEPT ![u] = TRUE]
  /\ \E old \in SUBSET trusted[u] : trusted' = [trusted EXCEPT ![u] = old \cup {key'[u]}]
  /\ UNCHANGED <<accepted, sealed, delivered, known, ended>>

Accept(u) ==
  /\ ~ended[u]
  /\ accepted' = [accepted EXCEPT ![u] = @ + 1]
  /\ MayRetire /\ UNCHANGED <<sealed, delivered, known, ended>>

(* Only under a key that is in force and not retired, and has room.        *)
Seal(u) ==
  /\ ~ended[u] /\ sealing[u] /\ Len(sealed[u]) < accepted[u]
  /\ Budget[u] = 0 \/ Load(key[u], sealed[u]) < Budget[u]
  /\ Len(sealed'[u]) = Len(sealed[u]) + 1
  /\ LET new == sealed'[u][Len(sealed'[u])] IN
     new.key = key[u] /\ sealed' = [sealed EXCEPT ![u] = Append(@, new)]
  /\ MayRetire /\ UNCHANGED <<accepted, delivered, known, ended>>

(* Once, in order, only what was said, and only under a key that the taker *)
(* trusts.  But under a key that is known, it may be the adversary's.      *)
Deliver(u) ==
  LET n == delivered'[u]
      said == n <= Len(sealed[u]) /\ sealed[u][n].key \in trusted[Other(u)]
      forged == trusted[Other(u)] \cap known # {}
  IN  /\ ~ended[Other(u)]
      /\ IF Gapless THEN n = delivered[u] + 1 ELSE n > delivered[u]
      /\ said \/ forged
      /\ delivered' = [delivered EXCEPT ![u] = n]
      /\ MayRetire /\ UNCHANGED <<accepted, sealed, known, ended>>

(* The link ends at u, and its keys are gone.                              *)
End(u) ==
  /\ ~ended[u]
  /\ ended' = [ended EXCEPT ![u] = TRUE]
  /\ key' = [key EXCEPT ![u] = 0]
  /\ sealing' = [sealing EXCEPT ![u] = FALSE]
  /\ trusted' = [trusted EXCEPT ![u] = {}]
  /\ UNCHANGED <<accepted, sealed, delivered, known>>

(* When it has ended for both, they may begin anew.                        *)
Again == (\A u \in User : ended[u]) /\ New'

Learn ==
  \E u \in User :
    /\ \/ key[u] > 0 /\ (Foe = "any" \/ (Foe = "retired" /\ ~sealing[u])) /\ known' = known \cup {key[u]}
       \/ Foe = "any" /\ known' = known \cup {key[u] + 1} \* it had a part in making it
    /\ UNCHANGED <<accepted, sealed, delivered, key, sealing, trusted, ended>>

Next ==
  \/ Retire \/ Again \/ Learn
  \/ \E u \in User : Renew(u) \/ Accept(u) \/ Seal(u) \/ Deliver(u) \/ End(u)

Spec == New /\ [][Next]_seenByUsers

-----------------------------------------------------------------------------
(* What is promised of the end of it: whoever said something is heard, or  *)
(* the link ends; and it ends for both or for none.                        *)
Heard == \A u \in User : []<>(delivered[u] >= accepted[u] \/ \E x \in User : ended[x])
EndsForBoth == \A u \in User : ended[u] ~> (ended[Other(u)] \/ ~ended[u])

-----------------------------------------------------------------------------
(* What follows, for a reader who wants it plainer.                        *)
NothingBeforeKey == \A u \in User : accepted[u] >= Len(sealed[u]) /\ (sealed[u] # <<>> => sealed[u][1].key > 0)
NothingInvented == known = {} => \A u \in User : delivered[u] <= Len(sealed[u])
WithinBudget ==
  \A u \in User : \A n \in 1..Len(sealed[u]) :
    Budget[u] > 0 => Load(sealed[u][n].key, SubSeq(sealed[u], 1, n - 1)) < Budget[u]
=============================================================================
