------------------------------ MODULE MCMutants ------------------------------
(***************************************************************************)
(* Small models, one for each thing that a rule may be about, in which     *)
(* every promise is kept: what breaks a rule on purpose (mutants.yaml)     *)
(* must break a promise in one of them.                                    *)
(***************************************************************************)
EXTENDS Broken

FewEpochs == \A e \in End : end[e].epoch <= 3

(* One way, heartbeats clear, everything held back while one is out.       *)
OneWay == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 2, !.idle_period = 2, !.heartbeat_sender = "client",
  !.heartbeat_protection = "clear", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.while_waiting = "hold", !.reply_timeout = 1, !.on_missed_heartbeat = "close", !.grace = 1,
  !.negotiation_timeout = 1 ])

OneWayProtected == [ OneWay EXCEPT !.heartbeat_protection = "protected", !.while_waiting = "send" ]
OneWayTwoChannels == [ OneWayProtected EXCEPT !.channels = 2 ]
OtherWay == [ OneWayProtected EXCEPT !.direction = "to-client" ]

(* Both ways, both ends start, and heartbeats are protected.               *)
BothWays == [ OneWay EXCEPT !.direction = "both", !.heartbeat_protection = "protected", !.byte_limit = 1,
                            !.while_waiting = "send", !.grace = 2 ]

(* REKEY-4: the server starts, the client asks; the key ages; idleness is   *)
(* a period of it.                                                         *)
Asking == [ BothWays EXCEPT !.rekey_initiator = "server", !.byte_trigger = "next-data", !.age_limit = 3,
                            !.idle_trigger = "period", !.reject_trigger = "never", !.while_waiting = "hold" ]

(* The key grows old while the request for another is under way, or lost;  *)
(* so does a heartbeat.                                                    *)
Aging == [ Asking EXCEPT !.idle_trigger = "never", !.heartbeat_sender = "none", !.on_missed_heartbeat = "ignore",
                         !.negotiation_timeout = 3 ]
Unanswered == [ Asking EXCEPT !.idle_trigger = "never", !.on_missed_heartbeat = "ignore", !.age_limit = 0,
                              !.on_missed_reply = "rekey", !.while_waiting = "send", !.negotiation_timeout = 3 ]

(* What both ends do when the other is silent is to ask for a new key.     *)
Persistent == [ OneWay EXCEPT !.idle_period = 3, !.heartbeat_interval = 3, !.rekey_idle = 3, !.retries = 1,
                              !.on_missed_reply = "rekey", !.on_missed_heartbeat = "rekey", !.grace = 3,
                              !.on_spoof = "discard" ]

(* CHAN-1: negotiation and heartbeats have a channel, and a key, of their own. *)
TwoChannels == [ BothWays EXCEPT !.channels = 2 ]
Datagrams == [ TwoChannels EXCEPT !.transport = "datagram", !.reject_trigger = "never" ]
SlowStreams == [ TwoChannels EXCEPT !.delay = 1, !.idle_period = 0, !.heartbeat_interval = 0, !.rekey_idle = 0,
                   !.heartbeat_sender = "none", !.idle_trigger = "never", !.reject_trigger = "never",
                   !.on_missed_heartbeat = "ignore", !.direction = "to-server", !.negotiation_timeout = 5,
                   !.byte_limit = 2 ]

(* REKEY-6: the client keeps count and idle time for both.                 *)
Told == [ BothWays EXCEPT !.accounting = "client", !.idle_trigger = "period", !.reject_trigger = "never",
                          !.byte_limit = 2 ]

ToldToSend == [ Told EXCEPT !.direction = "to-client", !.byte_limit = 1 ]
ToldTwoChannels == [ ToldToSend EXCEPT !.channels = 2 ]

(* CACHE-1, and limit_from: the client's limit governs.                    *)
Cached == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 1, !.byte_floor = 2, !.limit_from = "initiator", !.session_cache = "on", !.session_lifetime = 2,
  !.negotiation_timeout = 1, !.idle_trigger = "any" ])
ServersLimit == 3

(* REKEY-4, CACHE-2: only the server starts, whatever an adversary with the *)
(* session may say in the client's name.                                   *)
Guarded == Resolved([ Default EXCEPT
  !.byte_limit = 1, !.session_cache = "on", !.session_lifetime = 2, !.negotiation_timeout = 1,
  !.rekey_initiator = "server" ])

(* Both ends have something to say before the first key, if it takes long.  *)
Early == [ OneWay EXCEPT !.heartbeat_sender = "both", !.negotiation_timeout = 4, !.accounting = "server",
                         !.idle_trigger = "period", !.reject_trigger = "never" ]

(* IDLE-3: the clock alone; what is idle is known to both in time.         *)
Rejecting == [ OneWay EXCEPT !.idle_period = 0, !.heartbeat_interval = 0, !.rekey_idle = 0, !.idle_trigger = "any",
                             !.heartbeat_sender = "none", !.reject_trigger = "any", !.on_missed_heartbeat = "ignore" ]

(* A missing heartbeat makes suspicious, and an adversary has the key.     *)
Suspicious == [ Persistent EXCEPT !.idle_period = 2, !.heartbeat_interval = 2, !.rekey_idle = 2, !.retries = 0,
                                  !.grace = 1, !.heartbeat_protection = "protected", !.while_waiting = "send" ]

Client == {"client"}
ClientOne(e, n) == e = "client" /\ n <= 1
ClientTwo(e, n) == e = "client" /\ n <= 2

(* Replies are late: a repeat goes out before the first can be answered.   *)
Late == [ OneWayProtected EXCEPT !.delay = 1, !.idle_period = 4, !.heartbeat_interval = 4, !.rekey_idle = 4,
                                 !.retries = 1, !.negotiation_timeout = 5, !.grace = 3, !.byte_limit = 1 ]
Flowing == [ Late EXCEPT !.idle_trigger = "never", !.reject_trigger = "never", !.byte_limit = 0 ]

-----------------------------------------------------------------------------
(* What is promised of single steps, and shows in nothing larger.          *)

Takes(e, m) == end[e].phase = "open" /\ wire[e][m.channel] # <<>> /\ Head(wire[e][m.channel]) = m
                 /\ Len(wire'[e][m.channel]) < Len(wire[e][m.channel])
Next1(e) == {Head(wire[e][c]) : c \in {x \in Channels : wire[e][x] # <<>>}}

(* HB-3: a heartbeat of the key in force is answered at once, and marks it. *)
HeartbeatIsAnswered ==
  [][\A e \in End : \A m \in Next1(e) :
       LET o == Peer(e) IN
       Takes(e, m) /\ Stays(e) /\ m.kind = "heartbeat" /\ m.epoch = end[e].epoch /\ m.epoch > 0 /\ m.seal # "nobody"
         /\ m.channel = Channel("heartbeat") /\ m.number > end[e].beat_seen /\ "heartbeat" \notin Losable
       => /\ end'[e].marked_accepted
          /\ end[o].phase = "open" => Len(wire'[o][Channel("reply")]) > Len(wire[o][Channel("reply")])]_vars

(* AUTH-1, HB-5, EST-2, CHAN-1: what nobody sealed, or came over a channel  *)
(* that is not its own, changes nothing.                                   *)
Forgery(m) ==
  \/ m.seal = "nobody" /\ ~(Clear /\ m.kind \in {"heartbeat", "reply"})
  \/ m.channel # Channel(m.kind)
Substance(s) ==
  << s.phase, s.epoch, s.count, s.reached, s.idle_noticed, s.marked_accepted, s.series.last > 0, s.negotiation,
     s.requested, s.delivered_number, s.ending, s.suspect_since >>
ForgeryChangesNothing ==
  [][\A e \in End : \A m \in Next1(e) :
       Forgery(m) /\ Takes(e, m) /\ end'[e].phase = "open" => Substance(end'[e]) = Substance(end[e])]_vars

(* HB-3, REKEY-4, REKEY-6: nor does what was said under another key.       *)
StaleChangesNothing ==
  [][\A e \in End : \A m \in Next1(e) :
       m.kind \in {"request", "heartbeat", "reply", "notice"} /\ m.epoch # end[e].epoch
         /\ Takes(e, m) /\ end'[e].phase = "open" => Substance(end'[e]) = Substance(end[e])]_vars

(* HB-5: nor does a heartbeat that was accepted before.                    *)
RepeatChangesNothing ==
  [][\A e \in End : \A m \in Next1(e) :
       m.kind = "heartbeat" /\ ~Clear /\ m.number <= end[e].beat_seen /\ Takes(e, m) /\ end'[e].phase = "open" =>
         Substance(end'[e]) = Substance(end[e])
         /\ Len(wire'[Peer(e)][Channel("reply")]) <= Len(wire[Peer(e)][Channel("reply")])]_vars

(* DEAD-4, DEAD-2: a series ends by a reply to it in time, or a new key.   *)
OnlyItsReplyEndsSeries ==
  [][\A e \in End :
       Stays(e) /\ policy.proof_of_life = "reply" /\ Outstanding(end[e]) /\ ~Outstanding(end'[e])
         /\ end'[e].negotiation = end[e].negotiation /\ end'[e].epoch = end[e].epoch
       => \E m \in Next1(e) :
            /\ m.kind = "reply" /\ Takes(e, m) /\ m.epoch = end[e].epoch
            /\ m.number \in end[e].series.first..end[e].series.last
            /\ ~Exhausted(end[e]) \/ end[e].series.last_at <= policy.reply_timeout]_vars

(* REKEY-6: an end that does not count goes by what it is told.            *)
NoticeIsHeeded ==
  [][\A e \in End : \A m \in Next1(e) :
       Takes(e, m) /\ Stays(e) /\ m.kind = "notice" /\ m.seal = "peer" /\ m.epoch = end[e].epoch
       => IF m.bytes = 0 THEN end'[e].idle_noticed ELSE end'[e].count >= Min(m.bytes, end[e].limit)]_vars

(* IDLE-4, DEAD-3: data under a key that was idle is a spoof, and is told.  *)
SpoofIsReported ==
  [][\A e \in End : \A m \in Next1(e) :
       Takes(e, m) /\ Stays(e) /\ m.kind = "data" /\ m.epoch = end[e].epoch /\ policy.on_spoof = "close"
         /\ m.number > end[e].delivered_number /\ m.seal # "nobody" /\ end[e].marked_accepted
         /\ policy.reject_trigger = "heartbeat" /\ "data" \notin Losable
       => end'[e].ending # ""]_vars

(* LIM-1: where no data may flow none is delivered, nor is it told of as a *)
(* spoof: who makes it has the key, and goes against the policy.           *)
NothingAgainstDirection ==
  [][\A e \in End : \A m \in Next1(e) :
       Takes(e, m) /\ Stays(e) /\ m.kind = "data" /\ ~MayOffer(Peer(e)) /\ end[e].ending = ""
       => end'[e].ending = "" /\ end'[e].delivered_number = end[e].delivered_number]_vars

(* CLOSE-1: an orderly end is announced; CLOSE-1, IDLE-4: what must end ends. *)
OrderlyEndIsAnnounced ==
  [][\A e \in End :
       end[e].ending = "CLOSE-1" /\ end'[e].phase = "closed" /\ end[Peer(e)].phase # "closed" =>
         \E c \in Channels : LET q == wire'[Peer(e)][c] IN q # <<>> /\ q[Len(q)].kind = "close"]_vars
WhatMustEndEnds == \A e \in End : end[e].ending # "" ~> IsClosed(e)

(* CACHE-1: only a full negotiation makes a session.                       *)
FullMakesSession ==
  [][\A e \in End : Stays(e) /\ end'[e].session # end[e].session => end'[e].session = end'[e].epoch
                       /\ (end[e].negotiation = "theirs" => end[e].offered = end'[e].epoch)]_vars

(* What a user handed over is sent, or the link ends.                      *)
NothingForgotten ==
  [][\A e \in End : Stays(e) => Offered(e)' >= Offered(e)]_vars

(* EST-1: before the first key there is only its negotiation.              *)
NothingSaidBeforeKey ==
  \A e \in End : \A c \in Channels : \A i \in 1..Len(wire[e][c]) :
    LET m == wire[e][c][i] IN m.kind \in {"start", "answer", "finish", "close"} \/ m.epoch > 0

(* HB-6: while a reply is outstanding all is held, or nothing is.          *)
HoldingHolds ==
  [][\A e \in End :
       LET s == end[e] IN
       /\ policy.while_waiting = "hold" /\ s.series.last > 0 /\ policy.on_missed_reply = "close" /\ Stays(e) =>
            ~Sends(e) /\ ~Starts(e) /\ (end'[e].requesting => s.requesting)
       /\ policy.while_waiting = "send" /\ s.series.last > 0 /\ s.queue # <<>> /\ s.negotiation = "none"
            /\ policy.idle_trigger = "never" /\ s.limit = 0 /\ policy.age_limit = 0 => ~Tick]_vars

(* REKEY-5: an end asks once, and starts once.                             *)
OneAtATime ==
  \A e \in End : \A kind \in {"start", "request"} :
    \A c \in Channels : Len(SelectSeq(wire[e][c], LAMBDA m : m.kind = kind)) <= 1

(* LIM-1: no time passes between an offer and its refusal.                 *)
RefusedAtOnce == [][(\E e \in End : end[e].refusal # "") => ~Tick]_vars

(* ORDER-1: the network loses no more once something is missing.           *)
LosesOnce == \A e \in End : Broken(e) /\ wire'[e] # wire[e] => end' # end

(* DEAD-2: nothing is sealed under a key when the reply's time is over and  *)
(* none came, not even at the last instant.                                *)
UnansweredSealsNothing ==
  [][\A e \in End : Sends(e) /\ policy.on_missed_reply = "rekey" /\ Exhausted(end[e]) =>
       end[e].series.last_at <= policy.reply_timeout \/ end[e].series.doubtful]_vars

(* Either reading is of a reply that came, and at that very instant.       *)
DoubtNeedsReply ==
  [][\A e \in End : ~end[e].series.doubtful /\ end'[e].series.doubtful =>
       /\ end[e].requesting /\ end[e].series.last_at = policy.reply_timeout
       /\ \E c \in Channels : Len(wire'[e][c]) < Len(wire[e][c])]_vars

GapEndsLink == \A e \in End : Broken(e) ~> AnyClosed

(* BYTE-4, REKEY-3, IDLE-3: a new key begins as if nothing had been before. *)
NewKeyIsClean ==
  [][\A e \in End :
       LET s == end'[e] IN
       Stays(e) /\ s.epoch # end[e].epoch =>
         /\ s.count = 0 /\ s.in_force_at = 0 /\ s.idle_rejects = 0 /\ s.suspect_since = NONE
         /\ ~s.reached /\ ~s.marked_sent /\ ~s.marked_accepted /\ ~s.requested /\ ~s.requesting
         /\ ~s.bytes_noticed /\ ~s.idle_noticed]_vars

(* EST-3: a key is in force when the other end has had its part in it.     *)
KeyAfterItsMessage ==
  [][\A e \in End : Stays(e) /\ end'[e].epoch # end[e].epoch =>
       \E m \in Next1(e) :
         Takes(e, m) /\ m.kind = IF end[e].negotiation = "mine" THEN "answer" ELSE "finish"]_vars

(* EST-4: a later phase does not extend the time.                          *)
TimeIsNotExtended ==
  [][\A e \in End : Stays(e) /\ end[e].awaiting_since # NONE /\ end'[e].awaiting_since # NONE =>
       end'[e].awaiting_since >= end[e].awaiting_since]_vars

(* REKEY-5: who gives way is the server.                                   *)
ServerGivesWay ==
  [][\A e \in End : end[e].negotiation = "mine" /\ end'[e].negotiation = "theirs" => e = "server"]_vars

(* HB-2: none is sent while data flows.  (IdleSeen is long enough here.)    *)
BeatsAfterIdleness ==
  [][\A e \in End : Stays(e) /\ end[e].series.last = 0 /\ end'[e].series.last > 0 =>
       end[e].active_at >= Min(policy.idle_period, IdleSeen)]_vars

(* BYTE-3: no limit is below the floor.                                    *)
AboveFloor == \A e \in End : end[e].limit # 0 => end[e].limit >= policy.byte_floor

(* IDLE-1: data offered after idleness is noted, and does not leave under  *)
(* the key that was idle.                                                  *)
IdleDataWaits ==
  [][\A e \in End :
       LET s == end[e]
           q == end'[e].queue
           idle == \/ policy.idle_trigger = "any" /\ s.active_at > 0
                   \/ policy.idle_trigger = "period" /\ s.active_at > policy.rekey_idle
       IN  /\ Stays(e) /\ Len(q) > Len(s.queue) /\ idle => q[Len(q)].idle = 2 /\ q[Len(q)].epoch = s.epoch
           /\ Stays(e) /\ Len(q) > Len(s.queue) /\ policy.idle_trigger = "period" /\ s.active_at = policy.rekey_idle
                => q[Len(q)].idle > 0
           /\ Sends(e) => Head(s.queue).idle < 2 \/ Head(s.queue).epoch # s.epoch]_vars

(* REKEY-6: who counts for both tells at once.                             *)
NoticeGoesAtOnce ==
  [][\A e \in End :
       LET s == end[e] IN
       policy.accounting = e /\ s.phase = "open" /\ s.epoch > 0 /\ s.negotiation = "none"
         /\ \/ s.limit > 0 /\ s.count >= s.limit /\ ~s.bytes_noticed /\ ~s.reached
            \/ policy.idle_trigger = "period" /\ MayOffer(Peer(e)) /\ s.active_at >= policy.rekey_idle
               /\ s.queue = <<>> /\ ~s.idle_noticed
       => ~Tick]_vars

(* DEAD-3: an overdue heartbeat is noticed at once.                        *)
SuspectedAtOnce ==
  [][\A e \in End :
       LET s == end[e] IN
       policy.on_missed_heartbeat = "rekey" /\ ExpectsHeartbeats(e) /\ s.phase = "open" /\ s.epoch > 0
         /\ s.negotiation = "none" /\ s.suspect_since = NONE /\ s.expected_at <= -policy.grace
       => ~Tick]_vars

(* REKEY-4: an end that starts by itself answers nobody.                   *)
ServerAnswersNobody == ~seen["server"].posed
=============================================================================
