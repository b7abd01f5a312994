--------------------------- MODULE MCPromiseItself ----------------------------
(***************************************************************************)
(* The promise by itself, and what a reader may conclude from it: two      *)
(* messages one way, two keys, one message under each.  TLC wants to be    *)
(* told what the actions leave open before they speak of it; to begin anew *)
(* is left out.                                                            *)
(***************************************************************************)
EXTENDS KeyHygiene

Of1 == All(1)
Few ==
  /\ accepted["client"] <= 2 /\ accepted["server"] = 0 /\ delivered["client"] <= 2
  /\ \A u \in User : key[u] <= 2
  /\ key["server"] > 0 => sealing["server"]                        \* nobody asks
  /\ key["client"] > 0 => trusted["client"] = {key["client"]}

Told ==
  \/ Retire \/ Learn
  \/ \E u \in User :
       \/ Renew(u) \/ Accept(u) \/ End(u)
       \/ sealed' = [sealed EXCEPT ![u] = Append(@, [key |-> key[u], size |-> 1])] /\ Seal(u)
       \/ \E n \in 1..2 : delivered' = [delivered EXCEPT ![u] = n] /\ Deliver(u)

ToldNext ==
  /\ sealing' \in [User -> BOOLEAN] /\ trusted' \in [User -> SUBSET {1, 2}]
  /\ Told
ToldSpec == New /\ [][ToldNext]_seenByUsers
=============================================================================
