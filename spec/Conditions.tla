----------------------------- MODULE Conditions -----------------------------
(***************************************************************************)
(* The arithmetic of the rules: what the guards and what is due both ask,  *)
(* each under the name it has in the reference.  s is an end's record, e    *)
(* an end, m a message.                                                    *)
(***************************************************************************)
EXTENDS Step

(* BYTE-3: has the count reached (or passed) the limit?                    *)
Full(s) ==
  /\ s.limit # 0
  /\ IF policy.byte_test = "exceeded" THEN s.count > s.limit ELSE s.count >= s.limit

(* AGE-1: has the key's age reached the limit?                             *)
Aged(s) == IF policy.age_limit = 0 THEN 0 ELSE Since(s.in_force_at, policy.age_limit)

(* IDLE-1, IDLE-3: does `any` or `period` idleness hold now?  REKEY-6: an   *)
(* end that was told is idle, and so is the one that told it, whatever its *)
(* own clock may say at the very instant.                                  *)
IdleFor(e, trigger, s) ==
  CASE trigger = "any" -> IF s.active_at > 0 THEN 2 ELSE 0
    [] trigger = "period" /\ policy.rekey_idle > 0 ->
         IF s.idle_noticed THEN 2 ELSE IF Counts(e) THEN Since(s.active_at, policy.rekey_idle) ELSE 0
    [] OTHER -> 0

Marked(s) == s.marked_sent \/ s.marked_accepted

(* IDLE-1: must this message wait for a new epoch?                         *)
Barred(s, item) ==
  IF policy.idle_trigger = "heartbeat" THEN IF Marked(s) THEN 2 ELSE 0
  ELSE IF item.epoch = s.epoch THEN item.idle ELSE 0

(* IDLE-3: does `reject_trigger` hold here, now or earlier in this epoch?  *)
Rejects(e, s) ==
  IF policy.reject_trigger = "heartbeat" THEN IF s.marked_accepted THEN 2 ELSE 0
  ELSE Max(s.idle_rejects, IdleFor(e, policy.reject_trigger, s))

(* REKEY-6: is there something to tell the other end?  Of idleness only    *)
(* where the other could act on it, and not while data waits here that may *)
(* leave under this key: the other would reject it.                        *)
BytesToTell(e) == Notices(e) /\ ~end[e].bytes_noticed /\ Full(end[e])
IdleToTell(e) ==
  /\ Notices(e) /\ ~end[e].idle_noticed /\ end[e].queue = <<>>
  /\ policy.rekey_idle > 0 /\ Since(end[e].active_at, policy.rekey_idle) > 0
  /\ \/ policy.idle_trigger = "period" /\ MayOffer(Peer(e))
     \/ policy.reject_trigger = "period" /\ MayOffer(e)

(* CACHE-1: may the session held here be resumed?                          *)
Resumable(s) ==
  IF policy.session_cache = "off" \/ s.session = 0 THEN 0 ELSE 2 - Since(s.session_at, policy.session_lifetime)

(* CACHE-1: what a negotiation may say of sessions, if it knows this one,   *)
(* and this is the new one.                                                *)
Sessions(s, new, known) ==
  LET may == IF known # 0 /\ known = s.session THEN Resumable(s) ELSE 0
  IN  IF may = 0 THEN {new} ELSE IF may = 2 THEN {known} ELSE {new, known}
NewSession(epoch) == IF policy.session_cache = "on" THEN epoch ELSE 0

Outstanding(s) == s.series.last > 0
SurelyOutstanding(s) == Outstanding(s) /\ ~s.series.doubtful

(* DEAD-1: has the outstanding heartbeat been unanswered for long enough?  *)
ReplyMissed(s) == IF Outstanding(s) THEN Since(s.series.last_at, policy.reply_timeout) ELSE 0

(* DEAD-2: has the outstanding series no repeat left?                      *)
Exhausted(s) == Outstanding(s) /\ s.series.last - s.series.first >= policy.retries

(* DEAD-2 with `rekey`: must a new key come first?                         *)
MissedReply(s) ==
  IF policy.on_missed_reply = "rekey" /\ Exhausted(s) THEN IF s.series.doubtful THEN 1 ELSE ReplyMissed(s) ELSE 0

(* HB-6: is everything held back because a reply is outstanding?           *)
Holding(s) == policy.while_waiting = "hold" /\ SurelyOutstanding(s)

(* REKEY-4: may this end start although no data decides?                   *)
DecidesAlone(e) == (policy.rekey_initiator = "server") = (e = "server")

(* REKEY-4: may this end start now?                                        *)
MayStart(e) ==
  IF policy.rekey_initiator = "sender" THEN e = "client" \/ end[e].queue # <<>> \/ end[e].reached
  ELSE policy.rekey_initiator = e

(* REKEY-4: may the other end start?  The first is always the client's.    *)
PeerMayStart(e) == end[e].epoch = 0 \/ policy.rekey_initiator # e

(* AGE-2: idle time below `idle_period` (1: may be read either way).       *)
Busy(s) == IF policy.idle_period = 0 THEN 2 ELSE 2 - Since(s.active_at, policy.idle_period)

AgeTriggers(e) == policy.age_trigger # "data" /\ DecidesAlone(e)

(* NEED-1: the rules that give a reason for a new key now.                 *)
Reasons(e) ==
  LET s == end[e]
      waiting == s.queue # <<>>
  IN  {rule \in {"REKEY-4", "BYTE-5", "DEAD-2", "BYTE-3", "AGE-1", "IDLE-1", "AGE-2"} :
         CASE rule = "REKEY-4" -> s.requested
           [] rule = "BYTE-5"  -> s.reached
           [] rule = "DEAD-2"  -> MissedReply(s) > 0
           [] rule = "BYTE-3"  -> waiting /\ Full(s)
           [] rule = "AGE-1"   -> waiting /\ Aged(s) > 0
           [] rule = "IDLE-1"  -> waiting /\ Barred(s, Head(s.queue)) > 0
           [] rule = "AGE-2"   -> AgeTriggers(e) /\ Aged(s) > 0 /\ (policy.age_trigger = "timer" \/ Busy(s) > 0)}

(* REKEY-2: may data of the previous epoch still come, over its own channel? *)
CarriesOld(s) == s.old_until # NONE /\ ~s.old_rejects

(* AUTH-1: is it protected by a key that the peer has (who else has it      *)
(* cannot be seen)?  CHAN-1: did it come over the channel for its kind?    *)
Sealed(m) == m.seal # "nobody"
RightChannel(m) == m.channel = Channel(m.kind)

(* EARLY-1: must this data wait here for its epoch?                        *)
Waits(s, m) ==
  /\ policy.transport = "stream"
  /\ m.kind = "data" /\ Sealed(m) /\ RightChannel(m)
  /\ s.negotiation = "theirs"
  /\ m.epoch = s.epoch + 1

(* DEAD-3: does this end wait for heartbeats now?  Is one overdue?         *)
Watches(e) ==
  LET s == end[e] IN
  ExpectsHeartbeats(e) /\ s.phase = "open" /\ s.epoch > 0 /\ s.negotiation = "none" /\ s.suspect_since = NONE
Overdue(e) == Watches(e) /\ end[e].expected_at <= -policy.grace
=============================================================================
