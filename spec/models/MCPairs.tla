------------------------------- MODULE MCPairs -------------------------------
(***************************************************************************)
(* Every pair of values of two parameters that a consistent policy can     *)
(* have, in ticks and units.  Made by tools/pairmodels.py: change it there. *)
(***************************************************************************)
EXTENDS Bounds

(* With data+control the heartbeats of an idle link count for ever.        *)
Few == \A e \in End : end[e].epoch <= 3 /\ end[e].count <= 3

Pairs1 == Resolved([ Default EXCEPT
  !.idle_period = 2 ])

Pairs2 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.authentication = "server-only",
  !.negotiation_timeout = 2, !.byte_limit = 1, !.byte_test = "exceeded", !.byte_trigger = "next-data",
  !.byte_floor = 2, !.byte_counts = "data+control", !.limit_from = "initiator", !.accounting = "client",
  !.age_limit = 3, !.age_trigger = "active", !.idle_period = 2, !.heartbeat_interval = 3,
  !.heartbeat_protection = "clear", !.while_waiting = "hold", !.rekey_idle = 1, !.idle_trigger = "period",
  !.reject_trigger = "period", !.on_spoof = "discard", !.reply_timeout = 1, !.retries = 1,
  !.on_missed_reply = "rekey", !.grace = 1, !.proof_of_life = "any", !.rekey_initiator = "client",
  !.session_cache = "on", !.session_lifetime = 2, !.channels = 2, !.max_message = 1, !.queue_limit = 1,
  !.links_per_user = 1 ])

Pairs3 == Resolved([ Default EXCEPT
  !.direction = "to-client", !.byte_test = "exceeded", !.byte_floor = 2, !.byte_counts = "data+control",
  !.limit_from = "initiator", !.accounting = "server", !.age_trigger = "timer", !.idle_period = 2,
  !.heartbeat_interval = 3, !.heartbeat_sender = "client", !.while_waiting = "hold", !.rekey_idle = 1,
  !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat", !.on_spoof = "discard",
  !.on_missed_heartbeat = "close", !.proof_of_life = "any", !.rekey_initiator = "server",
  !.session_cache = "on", !.session_lifetime = 2, !.channels = 2, !.max_message = 1 ])

Pairs4 == Resolved([ Default EXCEPT
  !.direction = "to-client", !.transport = "datagram", !.negotiation_timeout = 2, !.byte_limit = 1,
  !.byte_trigger = "next-data", !.age_limit = 3, !.age_trigger = "timer", !.idle_period = 2,
  !.heartbeat_sender = "both", !.heartbeat_protection = "clear", !.idle_trigger = "any",
  !.reject_trigger = "any", !.reply_timeout = 1, !.retries = 1, !.on_missed_reply = "rekey",
  !.on_missed_heartbeat = "rekey", !.grace = 2, !.rekey_initiator = "server", !.queue_limit = 3,
  !.links_per_user = 1 ])

Pairs5 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.authentication = "server-only",
  !.negotiation_timeout = 2, !.byte_test = "exceeded", !.byte_trigger = "next-data", !.age_trigger = "active",
  !.idle_period = 2, !.heartbeat_interval = 3, !.heartbeat_sender = "server", !.heartbeat_protection = "clear",
  !.while_waiting = "hold", !.idle_trigger = "any", !.on_missed_heartbeat = "close", !.proof_of_life = "any",
  !.session_lifetime = 2, !.max_message = 1, !.queue_limit = 1 ])

Pairs6 == Resolved([ Default EXCEPT
  !.byte_limit = 1, !.byte_floor = 2, !.byte_counts = "data+control", !.limit_from = "initiator",
  !.accounting = "server", !.age_limit = 3, !.rekey_idle = 1, !.idle_trigger = "period",
  !.reject_trigger = "period", !.on_spoof = "discard", !.reply_timeout = 1, !.on_missed_reply = "rekey",
  !.grace = 1, !.rekey_initiator = "client", !.channels = 2, !.links_per_user = 1 ])

Pairs7 == Resolved([ Default EXCEPT
  !.negotiation_timeout = 2, !.accounting = "client", !.idle_period = 2, !.heartbeat_interval = 3,
  !.heartbeat_sender = "both", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.on_spoof = "discard", !.reply_timeout = 1, !.retries = 1, !.on_missed_reply = "rekey",
  !.on_missed_heartbeat = "rekey", !.grace = 2, !.proof_of_life = "any", !.session_cache = "on",
  !.session_lifetime = 2, !.channels = 2, !.queue_limit = 3 ])

Pairs8 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.authentication = "server-only", !.byte_limit = 1,
  !.byte_test = "exceeded", !.byte_trigger = "next-data", !.byte_floor = 2, !.byte_counts = "data+control",
  !.limit_from = "initiator", !.accounting = "server", !.age_limit = 5, !.age_trigger = "active",
  !.idle_period = 4, !.heartbeat_sender = "client", !.heartbeat_protection = "clear", !.retries = 1,
  !.on_missed_heartbeat = "rekey", !.grace = 2, !.rekey_initiator = "server", !.max_message = 1,
  !.links_per_user = 1 ])

Pairs9 == Resolved([ Default EXCEPT
  !.direction = "to-client", !.transport = "datagram", !.byte_limit = 1, !.byte_floor = 2, !.idle_period = 2,
  !.heartbeat_sender = "server", !.while_waiting = "hold", !.rekey_idle = 1, !.idle_trigger = "period",
  !.reject_trigger = "any", !.reply_timeout = 1, !.on_missed_heartbeat = "close", !.rekey_initiator = "client",
  !.session_cache = "on", !.session_lifetime = 2 ])

Pairs10 == Resolved([ Default EXCEPT
  !.direction = "to-client", !.negotiation_timeout = 2, !.byte_test = "exceeded", !.byte_trigger = "next-data",
  !.byte_counts = "data+control", !.limit_from = "initiator", !.accounting = "client", !.age_limit = 3,
  !.age_trigger = "timer", !.heartbeat_interval = 3, !.heartbeat_protection = "clear",
  !.while_waiting = "hold", !.rekey_idle = 1, !.retries = 1, !.on_missed_reply = "rekey",
  !.proof_of_life = "any", !.session_cache = "on", !.session_lifetime = 2, !.channels = 2, !.links_per_user = 1 ])

Pairs11 == Resolved([ Default EXCEPT
  !.transport = "datagram", !.byte_trigger = "next-data", !.limit_from = "initiator", !.accounting = "client",
  !.age_limit = 3, !.age_trigger = "active", !.idle_period = 2, !.heartbeat_sender = "both",
  !.while_waiting = "hold", !.rekey_idle = 3, !.idle_trigger = "heartbeat", !.reject_trigger = "period",
  !.on_missed_heartbeat = "close", !.rekey_initiator = "server", !.max_message = 1, !.queue_limit = 1 ])

Pairs12 == Resolved([ Default EXCEPT
  !.byte_test = "exceeded", !.byte_counts = "data+control", !.limit_from = "initiator", !.age_limit = 3,
  !.age_trigger = "timer", !.idle_period = 4, !.heartbeat_sender = "server", !.idle_trigger = "any",
  !.reject_trigger = "heartbeat", !.on_spoof = "discard", !.retries = 1, !.on_missed_reply = "rekey",
  !.grace = 1, !.proof_of_life = "any", !.rekey_initiator = "client", !.channels = 2, !.links_per_user = 1 ])

Pairs13 == Resolved([ Default EXCEPT
  !.negotiation_timeout = 2, !.byte_test = "exceeded", !.byte_counts = "data+control", !.idle_period = 2,
  !.heartbeat_interval = 3, !.heartbeat_sender = "client", !.heartbeat_protection = "clear", !.rekey_idle = 1,
  !.idle_trigger = "period", !.reject_trigger = "any", !.on_spoof = "discard", !.on_missed_reply = "rekey",
  !.max_message = 1, !.queue_limit = 1, !.links_per_user = 1 ])

Pairs14 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.authentication = "server-only", !.negotiation_timeout = 2, !.byte_limit = 1,
  !.byte_floor = 2, !.rekey_idle = 1, !.idle_trigger = "any", !.reject_trigger = "any", !.reply_timeout = 1,
  !.proof_of_life = "any", !.rekey_initiator = "server", !.session_cache = "on", !.session_lifetime = 2,
  !.queue_limit = 3 ])

Pairs15 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.authentication = "server-only",
  !.negotiation_timeout = 2, !.byte_limit = 1, !.byte_test = "exceeded", !.accounting = "server",
  !.age_trigger = "timer", !.idle_period = 2, !.heartbeat_sender = "both", !.heartbeat_protection = "clear",
  !.while_waiting = "hold", !.idle_trigger = "period", !.on_spoof = "discard", !.reply_timeout = 1,
  !.on_missed_heartbeat = "rekey", !.rekey_initiator = "client", !.max_message = 1, !.links_per_user = 1 ])

Pairs16 == Resolved([ Default EXCEPT
  !.direction = "to-client", !.byte_limit = 1, !.byte_floor = 2, !.age_trigger = "active", !.idle_period = 2,
  !.heartbeat_sender = "client", !.heartbeat_protection = "clear", !.idle_trigger = "any",
  !.reject_trigger = "period", !.reply_timeout = 1, !.retries = 1, !.on_missed_reply = "rekey",
  !.on_missed_heartbeat = "rekey", !.grace = 2, !.queue_limit = 3, !.links_per_user = 1 ])

Pairs17 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.authentication = "server-only", !.byte_limit = 1,
  !.byte_trigger = "next-data", !.byte_floor = 2, !.byte_counts = "data+control", !.limit_from = "initiator",
  !.accounting = "server", !.age_trigger = "active", !.idle_period = 2, !.heartbeat_sender = "server",
  !.heartbeat_protection = "clear", !.idle_trigger = "heartbeat", !.reject_trigger = "heartbeat",
  !.reply_timeout = 1, !.retries = 1, !.on_missed_reply = "rekey", !.on_missed_heartbeat = "close",
  !.grace = 2, !.max_message = 1, !.queue_limit = 1, !.links_per_user = 1 ])

Pairs18 == Resolved([ Default EXCEPT
  !.direction = "to-server", !.transport = "datagram", !.byte_trigger = "next-data", !.byte_floor = 2,
  !.byte_counts = "data+control", !.limit_from = "initiator", !.accounting = "client",
  !.age_trigger = "active", !.idle_period = 2, !.heartbeat_sender = "server", !.rekey_idle = 1,
  !.on_spoof = "discard", !.reply_timeout = 1, !.on_missed_heartbeat = "rekey", !.rekey_initiator = "client",
  !.channels = 2, !.max_message = 1, !.queue_limit = 1 ])

Pairs19 == Resolved([ Default EXCEPT
  !.transport = "datagram", !.byte_trigger = "next-data", !.byte_floor = 2, !.byte_counts = "data+control",
  !.limit_from = "initiator", !.age_trigger = "active", !.idle_trigger = "any", !.reject_trigger = "any",
  !.rekey_initiator = "client", !.channels = 2, !.max_message = 1 ])

Pairs20 == Resolved([ Default EXCEPT
  !.byte_trigger = "next-data", !.byte_floor = 2, !.byte_counts = "data+control", !.idle_period = 2,
  !.heartbeat_sender = "both", !.rekey_initiator = "client" ])

Pairs21 == Resolved([ Default EXCEPT
  !.age_trigger = "timer", !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "heartbeat",
  !.rekey_initiator = "client" ])

Pairs22 == Resolved([ Default EXCEPT
  !.accounting = "client", !.age_trigger = "timer", !.idle_period = 2, !.heartbeat_sender = "server",
  !.idle_trigger = "period", !.reject_trigger = "period", !.on_missed_heartbeat = "close",
  !.rekey_initiator = "server" ])

Pairs23 == Resolved([ Default EXCEPT
  !.accounting = "client", !.idle_period = 2, !.heartbeat_sender = "client", !.on_missed_heartbeat = "close" ])

Pairs24 == Resolved([ Default EXCEPT
  !.idle_period = 2, !.heartbeat_sender = "client", !.idle_trigger = "period", !.reject_trigger = "heartbeat" ])
=============================================================================
