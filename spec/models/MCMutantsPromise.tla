--------------------------- MODULE MCMutantsPromise ---------------------------
(***************************************************************************)
(* The promise by itself, broken on purpose (mutants.yaml): what a reader  *)
(* may conclude from it no longer follows.                                 *)
(***************************************************************************)
EXTENDS MCPromiseItself

Sealed(u) ==
  LET new == sealed'[u][Len(sealed'[u])] IN
  /\ Len(sealed'[u]) = Len(sealed[u]) + 1
  /\ new.key = key[u] /\ sealed' = [sealed EXCEPT ![u] = Append(@, new)]
  /\ MayRetire /\ UNCHANGED <<accepted, delivered, known, ended>>

SealsWithoutKey(u) == ~ended[u] /\ Len(sealed[u]) < accepted[u] /\ key[u] = 0 /\ Sealed(u)
SealsBeyondBudget(u) == ~ended[u] /\ sealing[u] /\ Len(sealed[u]) < accepted[u] /\ Sealed(u)
DeliversAnything(u) ==
  /\ ~ended[Other(u)] /\ delivered'[u] = delivered[u] + 1
  /\ delivered' = [delivered EXCEPT ![u] = @ + 1]
  /\ MayRetire /\ UNCHANGED <<accepted, sealed, known, ended>>
=============================================================================
