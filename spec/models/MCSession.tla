------------------------------ MODULE MCSession ------------------------------
(***************************************************************************)
(* Sessions, and who is at the other end: abbreviated negotiations, a link *)
(* opened again after it closed, and a server that does not ask who the    *)
(* client is.  No heartbeats; every message reaches the limit, so that a   *)
(* new key follows each.                                                   *)
(***************************************************************************)
EXTENDS Bounds

Cached == Resolved([ Default EXCEPT
  !.direction = "to-server", !.byte_limit = 1, !.session_cache = "on", !.session_lifetime = 2,
  !.negotiation_timeout = 1 ])
SlowCached == [ Cached EXCEPT !.delay = 1, !.negotiation_timeout = 5 ]

(* Both ends start, and starts cross.                                      *)
TwoWays == [ SlowCached EXCEPT !.direction = "both", !.session_lifetime = 3 ]

(* REKEY-4: the server starts, and refuses a start from whom it does not   *)
(* let start.                                                              *)
ServerStarts == [ Cached EXCEPT !.direction = "both", !.rekey_initiator = "server" ]

(* IDLE-5: what takes the link down is a spoof, or a user.                 *)
Distrustful == Resolved([ Default EXCEPT
  !.direction = "to-server", !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "heartbeat",
  !.reject_trigger = "heartbeat", !.reply_timeout = 1, !.negotiation_timeout = 1, !.session_cache = "on",
  !.session_lifetime = 9 ])

(* EST-2.                                                                  *)
ServerOnly == Resolved([ Default EXCEPT
  !.direction = "to-server", !.authentication = "server-only", !.byte_limit = 2, !.limit_from = "initiator",
  !.negotiation_timeout = 1 ])
Mutual == [ ServerOnly EXCEPT !.authentication = "mutual" ]

(* What the server answers is the client's.  (An adversary may answer what  *)
(* the server starts.)                                                     *)
ServerAnswersPeers == ~seen["server"].posed
=============================================================================
