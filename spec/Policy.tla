------------------------------- MODULE Policy -------------------------------
(***************************************************************************)
(* What is chosen.  A policy is a record with every parameter of the       *)
(* rules, under its own name; `Default` has the defaults.  A model is a    *)
(* policy that differs from it in a few places, with times in ticks and    *)
(* sizes in units: what matters is which timer runs out first, not when.   *)
(* 0 is never.  links_per_user speaks of many links and has its effect in  *)
(* Gateway; all the others have theirs here.                               *)
(***************************************************************************)
EXTENDS Integers

Default ==
  [ direction            |-> "both",      \* LIM-1
    transport            |-> "stream",    \* ORDER-1, EARLY-1, REKEY-2
    authentication       |-> "mutual",    \* EST-2
    negotiation_timeout  |-> 4,           \* EST-4, DEAD-3, REKEY-2
    byte_limit           |-> 0,           \* BYTE-3
    byte_test            |-> "reached",   \* BYTE-3
    byte_trigger         |-> "at-once",   \* BYTE-5
    byte_floor           |-> 0,           \* BYTE-3
    byte_counts          |-> "data",      \* BYTE-2
    limit_from           |-> "own",       \* BYTE-3
    accounting           |-> "each",      \* REKEY-6
    age_limit            |-> 0,           \* AGE-1
    age_trigger          |-> "data",      \* AGE-2
    idle_period          |-> 0,           \* HB-1, AGE-2
    heartbeat_interval   |-> -1,          \* HB-2; -1: as idle_period
    heartbeat_sender     |-> "none",      \* HB-1
    heartbeat_protection |-> "protected", \* HB-5
    while_waiting        |-> "send",      \* HB-6
    rekey_idle           |-> -1,          \* IDLE-1, IDLE-3; -1: as idle_period
    idle_trigger         |-> "never",     \* IDLE-1
    reject_trigger       |-> "never",     \* IDLE-3
    on_spoof             |-> "close",     \* IDLE-4
    reply_timeout        |-> 2,           \* DEAD-1
    retries              |-> 0,           \* DEAD-1
    on_missed_reply      |-> "close",     \* DEAD-2
    on_missed_heartbeat  |-> "ignore",    \* DEAD-3
    grace                |-> 0,           \* DEAD-3
    proof_of_life        |-> "reply",     \* DEAD-4
    rekey_initiator      |-> "sender",    \* REKEY-4
    session_cache        |-> "off",       \* CACHE-1
    session_lifetime     |-> 0,           \* CACHE-1
    channels             |-> 1,           \* CHAN-1
    max_message          |-> 2,           \* LIM-1
    queue_limit          |-> 6,           \* LIM-1
    links_per_user       |-> 0,           \* GATE-1
    delay                |-> 0 ]          \* the one-way delay it claims to bear

(* The two defaults that follow another parameter are filled in.           *)
Resolved(p) ==
  [ p EXCEPT !.heartbeat_interval = IF @ < 0 THEN p.idle_period ELSE @,
             !.rekey_idle         = IF @ < 0 THEN p.idle_period ELSE @ ]
=============================================================================
