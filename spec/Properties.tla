----------------------------- MODULE Properties -----------------------------
(***************************************************************************)
(* What is to be proved: one part for each thing that a user is promised,  *)
(* with the rules that promise it, and what the adversary can do against   *)
(* it.  All of them together are in KeyHygiene, to which Promise leads;    *)
(* how long a key lives is in Lifetimes.                                   *)
(*                                                                         *)
(* A property of a step speaks of what the step changed, not of the guard  *)
(* that allowed it, so that a wrong guard does not make it true.           *)
(***************************************************************************)
EXTENDS Types

AreOpen == \A e \in End : end[e].phase = "open"
IsClosed(e) == end[e].phase = "closed"
AnyClosed == \E e \in End : IsClosed(e)

Offered(e) == end[e].sent_number + Len(end[e].queue)

(* What this step did at e (a closing end forgets its numbers).             *)
Stays(e) == end[e].phase = "open" /\ end'[e].phase = "open"
Sends(e) == Stays(e) /\ end'[e].sent_number # end[e].sent_number
Delivers(e) == Stays(e) /\ end'[e].delivered_number # end[e].delivered_number
Starts(e) == Stays(e) /\ end[e].negotiation = "none" /\ end'[e].negotiation = "mine"

UnderWay(e, kinds) ==
  \E c \in Channels : \E i \in 1..Len(wire[e][c]) : wire[e][c][i].kind \in kinds

-----------------------------------------------------------------------------
(* Nothing flows before the first key (EST-1).                             *)
NoDataBeforeKey ==
  \A e \in End :
    /\ end[e].sent_number > 0 => end[e].epoch > 0
    /\ \A i \in 1..Len(wire[e][Channel("data")]) :
         LET m == wire[e][Channel("data")][i] IN m.kind = "data" /\ m.seal = "peer" => m.epoch > 0
    /\ end[e].delivered_number > 0 => end[e].epoch > 0

-----------------------------------------------------------------------------
(* Secrecy budget.  When an end sends, what the two have sealed under the  *)
(* key is less than the limit plus this message plus what the other end    *)
(* sealed and this end has not heard (BYTE-1..4).  Over datagrams that     *)
(* includes what was lost.  An end that does not count goes by notices.    *)
BytesPerKey ==
  [][\A e \in End : Sends(e) /\ Counts(e) /\ end[e].limit > 0 =>
       LET o == Peer(e)
           theirs == IF end[o].epoch = end[e].epoch THEN seen[o].carried ELSE 0
           crossing == Max(theirs - seen[e].heard, 0)
           b == seen'[e].carried - seen[e].carried
           slack == IF policy.byte_test = "exceeded" THEN 1 ELSE 0
       IN  seen'[e].carried + theirs < end[e].limit + slack + b + crossing]_vars

(* And so an end takes no more under a key than the other may have sealed  *)
(* (BYTE-3), as long as the adversary has no key to make data with: no rule *)
(* asks the taker.                                                         *)
TakenPerKey ==
  [][\A e \in End :
       Delivers(e) /\ policy.accounting = "each" /\ ServerLimit = NONE /\ end[e].limit > 0
         /\ Arrived(e, "data").epoch = end[e].epoch =>
       LET slack == IF policy.byte_test = "exceeded" THEN 1 ELSE 0
       IN  seen'[e].heard < end[e].limit + slack + Arrived(e, "data").bytes]_vars

(* AGE-1.                                                                  *)
AgePerKey ==
  [][\A e \in End : Sends(e) /\ policy.age_limit > 0 => end[e].in_force_at <= policy.age_limit]_vars

(* A marked key protects nothing more (IDLE-1, IDLE-3).                     *)
MarkedKey ==
  [][\A e \in End :
       /\ Sends(e) /\ policy.idle_trigger = "heartbeat" => ~Marked(end[e])
       /\ Delivers(e) /\ policy.reject_trigger = "heartbeat" =>
            Arrived(e, "data").epoch # end[e].epoch \/ ~end[e].marked_accepted]_vars

(* What the adversary has found out is sealed under no more.  With         *)
(* crack-marked it has a key once a heartbeat was sent under it; this is   *)
(* true of the end that sends heartbeats, and of the other one from the    *)
(* heartbeat's acceptance on.                                              *)
CrackedSealsNothing ==
  [][\A e \in End : Sends(e) => end[e].epoch \notin foe.cracked]_vars

(* Heartbeats count as nothing (BYTE-2, HB-4).                             *)
HeartbeatsAreNoTraffic ==
  [][\A e \in End :
       Stays(e) /\ ~Sends(e) /\ ~Delivers(e) /\ end'[e].epoch = end[e].epoch =>
         /\ policy.byte_counts = "data" /\ Counts(e) => end'[e].count = end[e].count
         /\ end'[e].active_at >= end[e].active_at \/ end'[e].negotiation # end[e].negotiation]_vars

-----------------------------------------------------------------------------
(* No spoof, from a heartbeat's acceptance on (IDLE-3, DEAD-3, REKEY-2).    *)
(* The adversary may have any key at any time, and drop, delay, repeat,    *)
(* reorder and make what it can: nothing is delivered under that key, be   *)
(* it in force or, over a channel of its own, still carried.  (How much it *)
(* can do before, Lifetimes says.)                                         *)
NoSpoof ==
  [][\A e \in End : Delivers(e) =>
       LET s == end[e]
           m == Arrived(e, "data")
       IN  IF m.epoch = s.epoch
           THEN s.suspect_since = NONE /\ (policy.reject_trigger = "heartbeat" => ~s.marked_accepted)
           ELSE ~s.old_rejects]_vars

(* HB-5, AUTH-1, CHAN-1: what the adversary makes on the control channel    *)
(* changes nothing.  With two channels, or without the key, it has no such *)
(* power; with one, a cracked data key leaves nothing of HB-5; and clear   *)
(* heartbeats need no key.                                                 *)
ForgeryHasNoEffect ==
  [][\A e \in End : \A c \in Channels :
       LET q == wire[e][c]
           s == end'[e]
           Same == [end[e] EXCEPT !.beat_number = s.beat_number, !.beat_seen = s.beat_seen, !.series = s.series]
       IN  q # <<>> /\ Len(wire'[e][c]) < Len(q) /\ q[1].seal # "peer"
             /\ q[1].kind \notin {"data", "start", "answer", "finish"} =>
           IF s.phase = "closed" THEN EndDue(e) \/ Broken(e) \/ \E m \in Heads(e, "close") : m.seal = "peer"
           ELSE s = Same /\ (s.series.last = 0) = (end[e].series.last = 0)]_vars

-----------------------------------------------------------------------------
(* No needless handshake (IDLE-2): with nothing to send, a new key is asked *)
(* for or started only where one of the rules says so that need no data.   *)
(* The adversary can bring about DEAD-2 by swallowing, and with the one    *)
(* key of one channel a request.                                           *)
Asks(e) == Stays(e) /\ ~end[e].requesting /\ end'[e].requesting
NoNeedlessStart ==
  [][\A e \in End : (Starts(e) \/ Asks(e)) /\ end[e].epoch > 0 /\ end[e].queue = <<>> =>
       LET s == end[e] IN
       \/ s.reached                                                              \* BYTE-5
       \/ policy.age_limit > 0 /\ s.in_force_at >= policy.age_limit
          /\ \/ policy.age_trigger = "timer"                                     \* AGE-2
             \/ policy.age_trigger = "active" /\ (policy.idle_period = 0 \/ s.active_at <= policy.idle_period)
       \/ policy.on_missed_reply = "rekey" /\ s.series.last > 0                  \* DEAD-2
          /\ s.series.last_at >= policy.reply_timeout /\ s.series.last - s.series.first = policy.retries
       \/ s.requested]_vars                                                      \* REKEY-4

(* No needless handshake (IDLE-2, NEED-1, LIM-2): on a link with nothing to *)
(* send there is one epoch, and each message pays for two at most: for its *)
(* own sake (idleness before it), and for the next one's (the limit).       *)
NoNeedlessHandshake ==
  AreOpen => \A e \in End : end[e].epoch <= 1 + 2 * (Offered("client") + Offered("server"))

-----------------------------------------------------------------------------
(* Nothing lost.  Over a stream that loses nothing, what was sent and not  *)
(* delivered is under way, whole and in order (FLOW-1, ORDER-1, REKEY-2).   *)
NothingLost ==
  AreOpen /\ policy.transport = "stream" =>
    \A e \in End :
      LET q == SelectSeq(wire[e][Channel("data")], LAMBDA m : m.kind = "data" /\ m.seal = "peer")
      IN  /\ Len(q) = end[Peer(e)].sent_number - end[e].delivered_number
          /\ \A i \in 1..Len(q) : q[i].number = end[e].delivered_number + i

(* Never twice and never out of order; over a stream, without a gap (ORDER-1). *)
OnceInOrder ==
  [][\A e \in End : Delivers(e) =>
       IF policy.transport = "stream" THEN end'[e].delivered_number = end[e].delivered_number + 1
       ELSE end'[e].delivered_number > end[e].delivered_number]_vars

(* No honest data is taken for a spoof (IDLE-3, IDLE-4).                    *)
NoFalseSpoof == \A e \in End : end[e].ending # "IDLE-4"

-----------------------------------------------------------------------------
(* One new key.  The two ends are never more than one epoch apart; in the  *)
(* same epoch they have the same key (REKEY-5, EST-3); and when nothing of  *)
(* a negotiation is left they are in the same epoch.                       *)
OneNewKey ==
  AreOpen =>
    LET c == end["client"]  s == end["server"] IN
    /\ c.epoch - s.epoch \in -1..1
    /\ c.epoch = s.epoch => seen["client"].key = seen["server"].key
    /\ (/\ c.negotiation = "none" /\ s.negotiation = "none"
        /\ \A e \in End : ~UnderWay(e, {"start", "answer", "finish"}))
       => c.epoch = s.epoch

(* REKEY-1: silence while a negotiation is in progress; in one channel no  *)
(* data of an earlier epoch follows a message of the negotiation.          *)
SilentNegotiation ==
  [][\A e \in End : Sends(e) => end[e].negotiation = "none"]_vars

NoOldDataBehind ==
  policy.channels = 1 =>
    \A e \in End :
      LET q == wire[e]["single"] IN
      \A i, j \in 1..Len(q) :
        i < j /\ q[i].kind \in {"start", "answer", "finish"} /\ q[j].kind = "data" => q[j].epoch >= q[i].epoch

(* REKEY-2, EARLY-1: what is delivered is under the key in force, or over   *)
(* two stream channels under the one before.                               *)
DeliveredUnderKey ==
  [][\A e \in End : Delivers(e) =>
       LET lag == IF policy.channels = 2 /\ policy.transport = "stream" THEN 1 ELSE 0
       IN  Arrived(e, "data").epoch \in (end[e].epoch - lag)..end[e].epoch]_vars

(* REKEY-4, EST-4: who starts is whoever the policy lets start.             *)
RightStarter ==
  [][\A e \in End : Starts(e) =>
       IF end[e].epoch = 0 THEN e = "client" ELSE policy.rekey_initiator \in {"sender", e}]_vars

-----------------------------------------------------------------------------
(* Sessions (CACHE-1).  Two ends under one key agree on the session; what   *)
(* is offered or agreed to is the session held, within its lifetime, and   *)
(* the first key of a link takes a full negotiation (IDLE-5).              *)
OneSession ==
  AreOpen /\ end["client"].epoch = end["server"].epoch => end["client"].session = end["server"].session

ResumedInTime ==
  [][\A e \in End :
       Stays(e) /\ end[e].negotiation # end'[e].negotiation /\ end'[e].offered \notin {0, end[e].epoch + 1} =>
         /\ end'[e].offered = end[e].session
         /\ end[e].session_at <= policy.session_lifetime
         /\ end[e].epoch > 0]_vars

(* No key comes of a session that this end did not offer.                  *)
ResumedAsOffered ==
  [][\A e \in End :
       Stays(e) /\ end[e].negotiation = "mine" /\ end'[e].epoch # end[e].epoch =>
         end'[e].session \in {end[e].offered, NewSession(end'[e].epoch)}]_vars

(* Abbreviating does not prolong a session.                                *)
NotProlonged ==
  [][\A e \in End : Stays(e) /\ end[e].session # 0 /\ end'[e].session = end[e].session =>
       end'[e].session_at >= end[e].session_at]_vars

-----------------------------------------------------------------------------
(* Limits (LIM-1).  What waits is bounded, and what flows may flow.        *)
Bounded ==
  \A e \in End :
    /\ Len(end[e].queue) > 1 => Sum(end[e].queue) <= policy.queue_limit
    /\ \A i \in 1..Len(end[e].queue) : end[e].queue[i].bytes <= policy.max_message
    /\ ~MayOffer(e) => end[e].sent_number = 0

(* LIM-3: the bytes under a key are judged by one limit at both ends, where *)
(* the initiator's governs.                                                *)
OneLimit ==
  AreOpen /\ policy.limit_from = "initiator" /\ end["client"].epoch > 0 /\ end["server"].epoch > 0 =>
    end["client"].limit = end["server"].limit

-----------------------------------------------------------------------------
(* An adversary.  Whose key an end has, and who made what it delivers.     *)
KeysArePeers == \A e \in End : seen[e].key # "adversary"
NothingForged == [][\A e \in End : Delivers(e) => Arrived(e, "data").seal = "peer"]_vars

-----------------------------------------------------------------------------
(* Dead peers (DEAD-1..3, P:C1, K:C17): an end whose peer is gone knows it  *)
(* in bounded time.  Apart for each end, since a policy may do it for one. *)
DeadServerNoticed == seen["client"].alone <= GivesUp("client")
DeadClientNoticed == seen["server"].alone <= GivesUp("server")

(* Expected to be violated: the bound is exact.                            *)
DeadServerNoticedSooner == seen["client"].alone < GivesUp("client")

-----------------------------------------------------------------------------
(* Liveness.  With a peer that answers, over a network that loses nothing, *)
(* a link does not end by itself ...                                       *)
LinkSurvives == ~AnyClosed

(* ... and what was offered is delivered in the end.                       *)
OfferedIsDelivered ==
  \A e \in End : []<>(AnyClosed \/ end[Peer(e)].delivered_number = Offered(e))

(* Whatever the network does, what was offered is sent, or the link ends.   *)
OfferedIsSent == \A e \in End : []<>(end[e].phase # "open" \/ end[e].queue = <<>>)

(* What was sent is delivered, or both ends know that the link has ended.   *)
SentIsDelivered ==
  \A e \in End : []<>((\A x \in End : IsClosed(x)) \/ end[Peer(e)].delivered_number = end[e].sent_number)

(* No negotiation lasts for ever (EST-4), and no end stays when the other  *)
(* is gone.                                                                *)
NegotiationsEnd == \A e \in End : []<>(end[e].negotiation = "none")
EndsTogether == \A e \in End : IsClosed(e) ~> IsClosed(Peer(e))

(* What is due is allowed: no rule asks for what another one forbids.       *)
DueIsAllowed ==
  \A e \in End :
    /\ KeyDue(e) => StartGuard(e) \/ RequestGuard(e)
    /\ HeartbeatDue(e) => SendHeartbeatGuard(e)
    /\ DataDue(e) => SendDataGuard(e)
    /\ NoticeDue(e) => SendNoticeGuard(e)
    /\ EndDue(e) => Closing(e)
=============================================================================
