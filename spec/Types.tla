-------------------------------- MODULE Types --------------------------------
(***************************************************************************)
(* What the variables can be.                                              *)
(***************************************************************************)
EXTENDS KeyChange

Ticks(limit) == NONE..limit
Ending == {"", "CLOSE-1", "IDLE-4"}

EndOK(s) ==
  /\ DOMAIN s = DOMAIN Blank
  /\ s.phase \in {"fresh", "open", "closed"}
  /\ {s.epoch, s.limit, s.count, s.sent_number, s.delivered_number, s.beat_number, s.beat_seen} \subseteq Nat
  /\ s.in_force_at \in 0..(policy.age_limit + 1)
  /\ {s.reached, s.bytes_noticed, s.idle_noticed, s.marked_sent, s.marked_accepted, s.requesting, s.requested,
      s.old_rejects} \subseteq BOOLEAN
  /\ s.idle_rejects \in 0..2
  /\ s.active_at \in 0..(Max(policy.idle_period, policy.rekey_idle) + 1)
  /\ s.next_beat \in 0..Max(policy.idle_period, policy.heartbeat_interval)
  /\ s.expected_at \in (-policy.grace)..Max(policy.idle_period, policy.heartbeat_interval)
  /\ {s.series.first, s.series.last} \subseteq Nat /\ s.series.last_at \in 0..(policy.reply_timeout + 1)
  /\ s.series.doubtful => s.requesting /\ Exhausted(s)                            \* DEAD-2
  /\ s.series.last > 0 => s.series.first > 0 /\ s.series.last - s.series.first \in 0..policy.retries
  /\ s.negotiation \in {"none", "mine", "theirs"}
  /\ s.offered \in 0..(s.epoch + 1) /\ s.session \in 0..s.epoch
  /\ s.session_at \in 0..(policy.session_lifetime + 1)
  /\ {s.awaiting_since, s.suspect_since, s.old_until} \subseteq Ticks(policy.negotiation_timeout)
  /\ \A i \in 1..Len(s.queue) : s.queue[i].bytes \in Sizes /\ s.queue[i].idle \in 0..2
  /\ s.refusal \in Tries \cup {""}
  /\ s.ending \in Ending

MessageOK(m) ==
  /\ m.kind \in Kind
  /\ {m.epoch, m.number, m.bytes, m.session} \subseteq Nat
  /\ m.channel \in Channels
  /\ m.seal \in {"peer", "adversary", "nobody"}
  /\ m.age \in 0..Delay

(* DEAD-5: a closed end remembers nothing, and nothing is under way to it. *)
ClosedIsEmpty ==
  \A e \in End : end[e].phase = "closed" =>
    [end[e] EXCEPT !.refusal = ""] = Closed(e) /\ wire[e] = Silence

TypeOK ==
  /\ \A e \in End : EndOK(end[e])
  /\ \A e \in End : \A c \in Channels : \A i \in 1..Len(wire[e][c]) :
       MessageOK(wire[e][c][i]) /\ wire[e][c][i].channel = c
  /\ ClosedIsEmpty
  /\ foe.cracked \subseteq Nat \ {0} /\ foe.strikes \in 0..Strikes
  /\ \A r \in foe.recorded : r.to \in End /\ MessageOK(r.message)
  /\ link \in 1..Links
  /\ \A e \in End :
       /\ seen[e].key \in End \cup {"none", "adversary"} /\ seen[e].posed \in BOOLEAN
       /\ {seen[e].carried, seen[e].heard, seen[e].alone} \subseteq Nat
=============================================================================
