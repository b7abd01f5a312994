/*
 * One end of a link that changes its keys and proves its peer alive, and an adapter that lets `rekeyspec` judge it.
 *
 * It needs Java 17 and nothing else: `java examples/adapters/Link.java` runs it as it stands. It was written from the
 * rules alone. Each line that is there because of a rule cites it; `rekeyspec rules HB-2` shows the words.
 *
 * Nothing here reads a clock. Time comes in with each event, in ms, and goes out as the deadline: when this end wants
 * to be called next though nothing happens. There are seven timers:
 *
 *  1. A key that was awaited, asked for or begun is in force within `negotiation_timeout` of the first of these, or the
 *     link ends (EST-4).
 *  2. After `idle_period` without data a heartbeat is sent (HB-1), and another each `heartbeat_interval` while the
 *     silence lasts (HB-2).
 *  3. A heartbeat that is not answered within `reply_timeout` is repeated, and after `retries` repeats the reply is
 *     missed (DEAD-1): the link ends, or a new key shall tell whether the peer lives (DEAD-2).
 *  4. A heartbeat of the peer's that is overdue by `grace` is missed (DEAD-3): the link ends, or the peer has another
 *     `negotiation_timeout` to prove itself by a new key.
 *  5. A key as old as `age_limit` is renewed, by some policies though there is no data (AGE-2).
 *  6. The end that counts for both tells the other when the link was idle for `rekey_idle` (REKEY-6).
 *  7. Data under the key before is taken for another `negotiation_timeout` where it may be late (REKEY-2). For this one
 *     nobody need be called: it is looked at when such data arrives.
 *
 * What a rule wants forgotten is kept in an object that ends with it: a new link is a new `End` (IDLE-5), a new key a
 * new `Key` (BYTE-4). What is due at once is looked for in one place, `work`, after every event, since anything may
 * have made it due; there the order of the calls says what comes first when several things are due at one time.
 *
 * Left out is what a real end has besides: ciphers, credentials (a message says who sealed it, EST-2) and sockets.
 *
 * In this order: JSON; the words of the protocol; the engine (`Place`, `Key`, `End`); the loop.
 */

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static java.util.stream.Collectors.joining;

public final class Link {
    static final Map<String, String> UNSUPPORTED =
            new TreeMap<>(Map.of("IKE-1", "it does not speak ISAKMP", "IKE-2", "it does not speak ISAKMP"));

    // ------------------------------------------------------------------------------------------------------- JSON

    /** What was read is not what was expected; the message says both. */
    static final class BadInput extends RuntimeException {
        private static final long serialVersionUID = 1;

        BadInput(String expected, Object read) {
            super("expected " + expected + ", read " + Json.written(read).replaceFirst("(?s)(.{97}).{4,}", "$1..."));
        }
    }

    /** JSON as Map, List, String, Long, Boolean and null; the protocol has no numbers but whole ones. */
    static final class Json {
        private static final int DEEPEST = 100; // or a line of brackets would exhaust the stack
        private static final Pattern WORD =
                Pattern.compile("true|false|null|-?(0|[1-9][0-9]{0,17}|[1-8][0-9]{18})(?![0-9.eE])");
        private final String line;
        private int at = 0;
        private int depth = 0;

        private Json(String line) { this.line = line; }

        static Object read(String line) {
            var json = new Json(line);
            Object value = json.value();
            if (json.peek() != 0 || json.at < line.length()) throw json.wrong("the end of the line");
            return value;
        }

        static String written(Object value) {
            if (value instanceof Map<?, ?> fields) {
                var each = fields.entrySet().stream().map(f -> written(f.getKey()) + ":" + written(f.getValue()));
                return each.collect(joining(",", "{", "}"));
            }
            if (value instanceof List<?> list) return list.stream().map(Json::written).collect(joining(",", "[", "]"));
            if (!(value instanceof String text)) return String.valueOf(value);
            return text.chars().mapToObj(Json::inQuotes).collect(joining("", "\"", "\""));
        }

        private static String inQuotes(int c) {
            if (c == '"' || c == '\\') return "\\" + (char) c;
            return c < ' ' || c > '~' ? String.format("\\u%04x", c) : String.valueOf((char) c);
        }

        private Object value() {
            if (++depth > DEEPEST) throw wrong("fewer brackets in each other");
            Object value = switch (peek()) {
                case '{' -> object();
                case '[' -> list();
                case '"' -> text();
                default -> word();
            };
            depth--;
            return value;
        }

        private Map<String, Object> object() {
            var fields = new LinkedHashMap<String, Object>();
            for (at++; !took('}'); ) {
                if (!fields.isEmpty() && !took(',')) throw wrong("a comma");
                if (peek() != '"') throw wrong("a field's name in quotes");
                String name = text();
                if (!took(':')) throw wrong("a colon");
                fields.put(name, value());
            }
            return fields;
        }

        private List<Object> list() {
            var items = new ArrayList<Object>();
            for (at++; !took(']'); items.add(value())) {
                if (!items.isEmpty() && !took(',')) throw wrong("a comma");
            }
            return items;
        }

        private String text() {
            var text = new StringBuilder();
            while (++at < line.length() && line.charAt(at) != '"') {
                char c = line.charAt(at);
                if (c < ' ') throw wrong("no control character in a text");
                text.append(c == '\\' ? escaped() : c);
            }
            if (!took('"')) throw wrong("the end of a text");
            return text.toString();
        }

        private char escaped() {
            char c = ++at < line.length() ? line.charAt(at) : 0;
            int plain = "\"\\/bfnrt".indexOf(c);
            if (plain >= 0) return "\"\\/\b\f\n\r\t".charAt(plain);
            String code = line.substring(Math.min(at + 1, line.length()), Math.min(at + 5, line.length()));
            if (c != 'u' || !code.matches("[0-9a-fA-F]{4}")) throw wrong("an escape of JSON");
            at += 4;
            return (char) Integer.parseInt(code, 16);
        }

        private Object word() {
            var found = WORD.matcher(line).region(at, line.length());
            if (!found.lookingAt()) throw wrong("a value");
            at = found.end();
            return switch (found.group()) {
                case "null" -> null;
                case "true", "false" -> Boolean.valueOf(found.group());
                default -> Long.valueOf(found.group());
            };
        }

        /** The next character that is no space, or 0. */
        private char peek() {
            while (at < line.length() && " \t\r\n".indexOf(line.charAt(at)) >= 0) at++;
            return at < line.length() ? line.charAt(at) : 0;
        }

        private boolean took(char c) {
            boolean here = peek() == c;
            at += here ? 1 : 0;
            return here;
        }

        private BadInput wrong(String expected) {
            return new BadInput("in JSON, at column " + (at + 1) + ", " + expected, line);
        }
    }

    /** An object that was read, and what its fields should be. */
    record Fields(Map<?, ?> json) {
        static Fields of(Object json) {
            if (json instanceof Map<?, ?> fields) return new Fields(fields);
            throw new BadInput("an object", json);
        }

        boolean has(String name) { return json.containsKey(name); }
        String text(String name) { return as(String.class, "a text", name); }
        long number(String name) { return as(Long.class, "a number", name); }
        Fields fields(String name) { return of(as(Map.class, "an object", name)); }
        List<?> list(String name) { return as(List.class, "a list", name); }

        private <V> V as(Class<V> kind, String expected, String name) {
            if (kind.isInstance(json.get(name))) return kind.cast(json.get(name));
            throw new BadInput(expected + " as \"" + name + "\"", json);
        }

        /** Of ms, bytes, or a number counted from 0. */
        long count(String name) {
            if (number(name) >= 0 && number(name) <= MOST) return number(name);
            throw new BadInput("a number from 0 to " + MOST + " as \"" + name + "\"", json);
        }

        /** One of the words of an enum. */
        <W> W word(String name, Class<W> words) {
            for (W word : words.getEnumConstants()) if (spelt(word).equals(json.get(name))) return word;
            String known = Stream.of(words.getEnumConstants()).map(Link::spelt).collect(joining(", "));
            throw new BadInput("as \"" + name + "\" one of " + known, json);
        }
    }

    /** A word of an enum as the protocol spells it. */
    static String spelt(Object word) {
        return word.toString().toLowerCase(Locale.ROOT).replace("__", "+").replace('_', '-');
    }

    // -------------------------------------------------------------------------------------------------- the words

    /** The largest amount of anything in the protocol. */
    static final long MOST = 1L << 62;
    /** No time at all. */
    static final long NEVER = Long.MAX_VALUE;

    enum Kind { REQUEST, START, ANSWER, FINISH, DATA, HEARTBEAT, REPLY, NOTICE, CLOSE }
    enum Channel { SINGLE, CONTROL, DATA }
    enum Seal { PEER, NOBODY }
    enum Direction { BOTH, TO_SERVER, TO_CLIENT }
    enum Transport { STREAM, DATAGRAM }
    enum Authentication { MUTUAL, SERVER_ONLY }
    enum ByteTest { REACHED, EXCEEDED }
    enum ByteTrigger { AT_ONCE, NEXT_DATA }
    enum ByteCounts { DATA, DATA__CONTROL }
    enum LimitFrom { OWN, INITIATOR }
    enum Accounting { EACH, CLIENT, SERVER }
    enum AgeTrigger { DATA, ACTIVE, TIMER }
    enum HeartbeatSender { NONE, CLIENT, SERVER, BOTH }
    enum Protection { PROTECTED, CLEAR }
    enum WhileWaiting { SEND, HOLD }
    enum Trigger { NEVER, ANY, PERIOD, HEARTBEAT }
    enum OnSpoof { CLOSE, DISCARD }
    enum OnMissedReply { CLOSE, REKEY }
    enum OnMissedHeartbeat { IGNORE, CLOSE, REKEY }
    enum ProofOfLife { REPLY, ANY }
    enum Initiator { SENDER, CLIENT, SERVER }
    enum SessionCache { OFF, ON }

    enum Role {
        CLIENT, SERVER;

        Role peer() { return this == CLIENT ? SERVER : CLIENT; }
        boolean is(Enum<?> word) { return name().equals(word.name()); }

        /** The id of a negotiation that this end starts: its letter, then the epoch that it is for. */
        String negotiation(long epoch) { return spelt(this).charAt(0) + Long.toString(epoch); }
    }

    /** A message; a field that is left out is at its default. */
    record Message(Kind kind, long epoch, long number, String negotiation, String session, long bytes, Channel channel,
            Seal sealedBy) {
        static Message read(Fields f) {
            return new Message(f.word("kind", Kind.class),
                    f.has("epoch") ? f.count("epoch") : 0,
                    f.has("number") ? f.count("number") : 0,
                    f.has("negotiation") ? f.text("negotiation") : "",
                    f.has("session") ? f.text("session") : "",
                    f.has("bytes") ? f.count("bytes") : 0,
                    f.has("channel") ? f.word("channel", Channel.class) : Channel.SINGLE,
                    f.has("sealed_by") ? f.word("sealed_by", Seal.class) : Seal.PEER);
        }

        Map<String, Object> json() {
            var json = new LinkedHashMap<String, Object>(Map.of("kind", spelt(kind)));
            if (epoch != 0) json.put("epoch", epoch);
            if (number != 0) json.put("number", number);
            if (!negotiation.isEmpty()) json.put("negotiation", negotiation);
            if (!session.isEmpty()) json.put("session", session);
            if (bytes != 0) json.put("bytes", bytes);
            if (channel != Channel.SINGLE) json.put("channel", spelt(channel));
            if (sealedBy != Seal.PEER) json.put("sealed_by", spelt(sealedBy));
            return json;
        }
    }

    /** What happens to an end, at a time in ms. */
    sealed interface Event {
        long t();

        record Open(long t) implements Event {}
        record Offer(long t, long bytes) implements Event {}
        record Arrive(long t, Message message) implements Event {}
        record Tick(long t) implements Event {}
        record Shut(long t) implements Event {}

        static Event read(Fields f) {
            long t = f.count("t");
            return switch (f.text("do")) {
                case "Open" -> new Open(t);
                case "Offer" -> new Offer(t, f.has("bytes") ? f.count("bytes") : 0);
                case "Arrive" -> new Arrive(t, Message.read(f.fields("message")));
                case "Tick" -> new Tick(t);
                case "Shut" -> new Shut(t);
                default -> throw new BadInput("an event, one of Open, Offer, Arrive, Tick, Shut", f.text("do"));
            };
        }
    }

    /** What an end did. */
    record Did(String action, Message message, String reason) {
        Map<String, Object> json() {
            var json = new LinkedHashMap<String, Object>(Map.of("do", action));
            if (message != null) json.put("message", message.json());
            if (reason != null) json.put("reason", reason);
            return json;
        }
    }

    /** Every parameter, its name in camel case; times in ms, sizes in bytes, 0 is never. */
    record Policy(
            Direction direction, Transport transport, Authentication authentication, long negotiationTimeout,
            long byteLimit, ByteTest byteTest, ByteTrigger byteTrigger, long byteFloor, ByteCounts byteCounts,
            LimitFrom limitFrom, Accounting accounting, long ageLimit, AgeTrigger ageTrigger, long idlePeriod,
            long heartbeatInterval, HeartbeatSender heartbeatSender, Protection heartbeatProtection,
            WhileWaiting whileWaiting, long rekeyIdle, Trigger idleTrigger, Trigger rejectTrigger, OnSpoof onSpoof,
            long replyTimeout, long retries, OnMissedReply onMissedReply, OnMissedHeartbeat onMissedHeartbeat,
            long grace, ProofOfLife proofOfLife, Initiator rekeyInitiator, SessionCache sessionCache,
            long sessionLifetime, long channels, long maxMessage, long queueLimit, long linksPerUser, long delay) {
        static Policy read(Fields f) {
            RecordComponent[] parts = Policy.class.getRecordComponents();
            var values = new Object[parts.length];
            for (int i = 0; i < parts.length; i++) {
                String name = parts[i].getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
                boolean amount = parts[i].getType() == long.class;
                values[i] = amount ? (Object) f.count(name) : f.word(name, parts[i].getType());
            }
            try {
                return (Policy) Policy.class.getDeclaredConstructors()[0].newInstance(values);
            } catch (ReflectiveOperationException bug) {
                throw new AssertionError(bug);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------- the engine

    /** So long after a time; amounts may be so large that only NEVER is left. */
    static long after(long t, long span) { return t + span < 0 ? NEVER : t + span; }

    /** Where the ends of links stand, one after another: alone, or on a gateway, to which many users have links. */
    static final class Place {
        private final Role role;
        private final Policy policy;
        private final List<Place> gateway; // all places there, this one included
        private final String user;
        private End end = null; // none where the link is closed

        Place(Role role, Policy policy, List<Place> gateway, String user) {
            this.role = role;
            this.policy = policy;
            this.gateway = gateway;
            this.user = user;
            gateway.add(this);
        }

        void leave() { gateway.remove(this); }

        /** One event in; what was done out. */
        List<Did> step(Event event) {
            boolean opens = event instanceof Event.Open;
            if (opens) end = null; // IDLE-5: nothing is left of an earlier link
            if (opens && refusesUser()) return List.of(new Did("Refuse", null, "GATE-1: too many links"));
            if (opens) end = new End(role, policy);
            if (end == null && event instanceof Event.Offer) return List.of(new Did("Refuse", null, "DEAD-5"));
            if (end == null) return List.of(); // CLOSE-1
            List<Did> did = end.step(event);
            if (!end.open) end = null; // DEAD-5: what it held goes with it
            return did;
        }

        /** When it wants to be called next, in ms. */
        long deadline() { return end == null ? NEVER : end.deadline(); } // DEAD-5

        private boolean refusesUser() {
            long links = gateway.stream().filter(one -> one.end != null && one.user.equals(user)).count(); // GATE-1
            return 0 < policy.linksPerUser && policy.linksPerUser <= links; // GATE-1
        }
    }

    /** The life of one key here, and all that a new one begins without (BYTE-4, REKEY-3). */
    private static final class Key {
        final long epoch; // 0 before the first: there is no such key
        final long from; // when it came into force here
        long count = 0; // BYTE-1
        boolean overflowed = false; // BYTE-5: a message of ours met the limit
        boolean marked = false; // IDLE-1 heartbeat: one was sent or accepted
        boolean spoilt = false; // IDLE-3, DEAD-3: it delivers nothing more
        boolean asked = false; // REKEY-4: the peer, who may not start, asked for a new one
        boolean countTold = false; // REKEY-6: notice was given of the count
        boolean idlenessTold = false; // REKEY-6: and was given, or got, of this idleness
        long lastChance = NEVER; // DEAD-3: when the link ends without a new one

        Key(long epoch, long from) { this.epoch = epoch; this.from = from; }
    }

    /** A negotiation in progress. `session` is the one offered; where the peer started it, the one agreed on. */
    private record Negotiation(String id, long epoch, boolean mine, String session) {}

    /** Data of the user's that waits. The key of the epoch `unfit` may not carry it (IDLE-1); -1: any key may. */
    private record Waiting(long bytes, long unfit) {}

    /** A first heartbeat, by its number, that is unanswered, its repeats included (DEAD-1). */
    private record Series(long first, long repeatsLeft, long answerBy, boolean missed) {}

    /** One end of one link, from when it opens until it closes. */
    static final class End {
        /** What a heartbeat or reply is held to weigh where that counts (BYTE-2), in bytes. */
        private static final long BEAT_SIZE = 20;

        private final Role role;
        private final Policy p;
        private boolean open = true;
        private List<Did> did = new ArrayList<>();

        private Key key = new Key(0, 0);
        private boolean oldLingers = false; // REKEY-2: the key before it still delivers
        private long limit; // BYTE-3: of bytes under one key; 0 is never
        private long awaitedSince = NEVER; // EST-4: since when a new key is
        private boolean requesting = false;
        private Negotiation negotiation = null;
        private String session = ""; // CACHE-1: that can be resumed
        private long sessionFrom = 0; // CACHE-1: since when

        private final Deque<Waiting> queue = new ArrayDeque<>();
        private List<Message> early = new ArrayList<>(); // EARLY-1
        private long dataSent = 0; // the latest numbers
        private long dataDelivered = 0;
        private long beatsSent = 0;
        private long beatAccepted = 0;

        private long activeAt = 0; // HB-1: since when the link is idle
        private long beatAt = NEVER; // HB-1, HB-2: when the next first heartbeat is due
        private long expectedAt = NEVER; // DEAD-3: and when the peer's is
        private Series series = null;

        End(Role role, Policy policy) {
            this.role = role;
            this.p = policy;
            limit = policy.byteLimit == 0 ? 0 : Math.max(policy.byteLimit, policy.byteFloor); // BYTE-3
        }

        /** One event in; what was done out. */
        List<Did> step(Event event) {
            long t = event.t();
            did = new ArrayList<>();
            judgeIdleness(t); // IDLE-3
            if (event instanceof Event.Open) open(t);
            if (event instanceof Event.Offer offer) offer(t, offer.bytes);
            if (event instanceof Event.Arrive arrival) arrive(t, arrival.message);
            if (event instanceof Event.Shut) close("CLOSE-1: the user ended the link", true);
            work(t);
            return did;
        }

        private void open(long t) {
            awaitedSince = t; // EST-4: at either end
            if (role == Role.CLIENT) start(t); // EST-4
        }

        // ----------------------------------------------------------------------------------- what is due, and when

        /** Does everything that is due. One thing done may make another due, so it begins again after each. */
        private void work(long t) {
            boolean more = true;
            while (open && more) {
                more = tooLong(t) || peerMissed(t) || unanswered(t) || tell(t) || renew(t) || send(t) || beat(t);
            }
        }

        /** When it wants to be called next, in ms. */
        long deadline() {
            long rekey = Math.min(tooLongAt(), Math.min(key.lastChance, oldAt()));
            long beats = Math.min(beatDueAt(), Math.min(unansweredAt(), peerMissedAt()));
            return Math.min(rekey, Math.min(beats, idlenessToldAt()));
        }

        private long tooLongAt() { return after(awaitedSince, p.negotiationTimeout); } // EST-4
        private boolean tooLong(long t) { return t >= tooLongAt() && close("EST-4: no new key in time", true); }

        private long peerMissedAt() {
            boolean expected = sendsBeats(role.peer()) && p.onMissedHeartbeat != OnMissedHeartbeat.IGNORE; // DEAD-3
            boolean waits = settled() && key.lastChance == NEVER; // DEAD-3: none during a negotiation
            return expected && waits ? after(expectedAt, p.grace) : NEVER; // DEAD-3
        }

        private boolean peerMissed(long t) {
            if (t >= key.lastChance) return close("DEAD-3: no new key after a missing heartbeat", true);
            if (t < peerMissedAt()) return false;
            if (p.onMissedHeartbeat == OnMissedHeartbeat.CLOSE) return close("DEAD-3: a heartbeat is missing", true);
            key.spoilt = true; // DEAD-3: from now on only a new key's data is taken
            key.lastChance = after(t, p.negotiationTimeout); // DEAD-3
            return did("Suspect", null); // DEAD-3
        }

        private long unansweredAt() { return series == null || series.missed ? NEVER : series.answerBy; } // DEAD-1

        private boolean unanswered(long t) {
            if (t < unansweredAt()) return false;
            if (series.repeatsLeft > 0) return sendHeartbeat(t, series.first, series.repeatsLeft - 1); // DEAD-1
            if (p.onMissedReply == OnMissedReply.CLOSE) return close("DEAD-2: no reply", true);
            series = new Series(series.first, 0, series.answerBy, true); // DEAD-2: `renew` sees to the rest
            return true;
        }

        private long idlenessToldAt() {
            boolean waits = p.idleTrigger == Trigger.PERIOD && mayOffer(role.peer());
            boolean rejects = p.rejectTrigger == Trigger.PERIOD && mayOffer(role);
            boolean useful = p.rekeyIdle > 0 && (waits || rejects); // REKEY-6: where the peer can act on it
            boolean due = settled() && queue.isEmpty() && !key.idlenessTold; // REKEY-6: and while it stays idle
            return countsForBoth() && useful && due ? after(activeAt, p.rekeyIdle) : NEVER; // REKEY-6
        }

        private boolean tell(long t) {
            boolean met = settled() && full() && !overflows(); // REKEY-6: else this end renews the key itself
            if (countsForBoth() && met && !key.countTold) {
                key.countTold = true; // REKEY-6
                return did("SendNotice", message(Kind.NOTICE, 0, key.count)); // REKEY-6
            }
            if (t < idlenessToldAt()) return false;
            key.idlenessTold = true; // REKEY-6: once until the link is in use again
            return did("SendNotice", message(Kind.NOTICE, 0, 0)); // REKEY-6
        }

        private long oldAt() {
            if (!settled() || requesting || held()) return NEVER; // REKEY-5, HB-6
            if (p.ageLimit == 0 || !mayStart()) return NEVER; // AGE-2: it binds who may start
            long at = after(key.from, p.ageLimit);
            return switch (p.ageTrigger) { // AGE-2
                case DATA -> NEVER;
                case ACTIVE -> inUse(at) ? at : NEVER;
                case TIMER -> at;
            };
        }

        /** A new key, for the reasons that rules give and no others (NEED-1, IDLE-2), as often as they do (LIM-2). */
        private boolean renew(long t) {
            if (!settled() || requesting) return false; // REKEY-5: one at a time
            boolean active = p.ageTrigger == AgeTrigger.ACTIVE && inUse(t); // AGE-2
            boolean aged = old(t) && mayStart() && (active || p.ageTrigger == AgeTrigger.TIMER); // AGE-2
            boolean waited = !queue.isEmpty() && needsNewKey(t);
            if (!missed() && (held() || !(key.asked || overflows() || aged || waited))) return false; // HB-6
            return key.asked || mayStart() ? start(t) : request(t); // REKEY-4
        }

        private boolean send(long t) {
            if (!settled() || missed() || held()) return false; // EST-1, REKEY-1, DEAD-2, HB-6
            if (queue.isEmpty() || needsNewKey(t)) return false;
            long bytes = queue.remove().bytes; // FLOW-1: in the order of the offers
            active(t); // HB-1
            count(bytes); // BYTE-1
            key.overflowed = full(); // BYTE-5
            dataSent++; // LIM-3
            return did("SendData", message(Kind.DATA, dataSent, bytes)); // FLOW-1
        }

        private long beatDueAt() {
            return sendsBeats(role) && settled() && series == null ? beatAt : NEVER; // EST-1, HB-1, DEAD-1
        }

        private boolean beat(long t) {
            if (t < beatDueAt()) return false;
            beatAt = after(t, p.heartbeatInterval); // HB-2
            return sendHeartbeat(t, beatsSent + 1, p.retries); // HB-1
        }

        private boolean sendHeartbeat(long t, long first, long repeatsLeft) {
            beatsSent++; // LIM-3, DEAD-1: a repeat has a number of its own
            series = new Series(first, repeatsLeft, after(t, p.replyTimeout), false); // DEAD-1
            key.marked = true; // IDLE-1
            did("SendHeartbeat", message(Kind.HEARTBEAT, beatsSent, beatSize()));
            countOwn(beatSize());
            return true;
        }

        /** BYTE-2: a heartbeat or reply of ours counts; BYTE-5: it may be what fills the key. */
        private void countOwn(long bytes) {
            boolean wasFull = full();
            count(bytes);
            if (!wasFull) key.overflowed = full();
        }

        // -------------------------------------------------------------------------------------- the user's side

        private void offer(long t, long bytes) {
            long waiting = queue.stream().mapToLong(Waiting::bytes).sum();
            Consumer<String> refuse = reason -> did.add(new Did("Refuse", null, reason));
            if (!mayOffer(role)) refuse.accept("LIM-1: data does not flow in this direction");
            else if (bytes > p.maxMessage) refuse.accept("LIM-1: the message is too large");
            else if (after(waiting, bytes) > p.queueLimit) refuse.accept("LIM-1: wait");
            else queue.add(new Waiting(bytes, idle(t, p.idleTrigger) ? key.epoch : -1)); // IDLE-1: judged now
        }

        private boolean mayOffer(Role end) {
            return p.direction != (end == Role.CLIENT ? Direction.TO_CLIENT : Direction.TO_SERVER); // LIM-1
        }

        /** Whether the next data may not go under this key. */
        private boolean needsNewKey(long t) {
            boolean marked = p.idleTrigger == Trigger.HEARTBEAT && key.marked; // IDLE-1
            return marked || queue.element().unfit == key.epoch || full() || old(t); // IDLE-1, BYTE-3, AGE-1
        }

        // ------------------------------------------------------------------------------------------ what arrives

        private void arrive(long t, Message m) {
            boolean clear = isBeat(m.kind) && p.heartbeatProtection == Protection.CLEAR; // HB-5
            if (m.channel != channel(m.kind)) return; // CHAN-1
            if (m.sealedBy == Seal.NOBODY && !clear) return; // AUTH-1, HB-5
            boolean now = key.epoch > 0 && m.epoch == key.epoch; // under the key in force
            switch (m.kind) {
                case START -> started(t, m);
                case ANSWER -> answered(t, m);
                case FINISH -> { if (inProgress(m, false)) inForce(t); } // EST-2, EST-3
                case DATA -> data(t, m);
                case HEARTBEAT -> { if (now) heartbeat(t, m); } // HB-3
                case REPLY -> { if (now) replied(t, m); } // HB-3
                case REQUEST -> { if (now) requested(t, m); } // AUTH-1
                case NOTICE -> { if (now) noticed(t, m); } // REKEY-6
                case CLOSE -> close("CLOSE-1: the peer ended the link", false); // CLOSE-1: under whichever key
            }
        }

        private void started(long t, Message m) {
            if (m.epoch != key.epoch + 1) return; // EST-3
            if (key.epoch == 0 && role == Role.CLIENT) return; // REKEY-4: only the client starts the first
            boolean refused = key.epoch > 0 && role.is(p.rekeyInitiator); // REKEY-4: the peer may not start
            boolean theirs = m.negotiation.equals(role.peer().negotiation(m.epoch)); // EST-3
            boolean givesWay = role == Role.SERVER && negotiation != null && negotiation.mine; // REKEY-5
            if (refused) did("RefuseStart", m); // REKEY-4
            if (refused || !theirs || negotiation != null && !givesWay) return; // REKEY-5
            if (key.epoch == 0 && p.limitFrom == LimitFrom.INITIATOR) limit = m.bytes; // BYTE-3
            boolean resumed = canResume(t) && m.session.equals(session); // CACHE-1
            negotiate(t, new Negotiation(m.negotiation, m.epoch, false, resumed ? session : m.negotiation)); // CACHE-1
            did("Answer", ofNegotiation(Kind.ANSWER, 0)); // EST-4: at once
        }

        private void answered(long t, Message m) {
            if (!inProgress(m, true)) return; // EST-2, EST-3
            boolean cached = p.sessionCache == SessionCache.ON;
            boolean resumed = m.session.equals(negotiation.session) && cached != m.session.isEmpty(); // CACHE-1
            boolean anew = cached && m.session.equals(m.negotiation); // CACHE-1
            if (!resumed && !anew) return; // CACHE-1: an answer that resumes any other
            negotiation = new Negotiation(m.negotiation, m.epoch, true, m.session);
            did("Finish", ofNegotiation(Kind.FINISH, 0)); // EST-4: at once
            inForce(t);
        }

        private boolean inProgress(Message m, boolean mine) {
            Negotiation n = negotiation;
            return n != null && n.mine == mine && n.epoch == m.epoch && n.id.equals(m.negotiation);
        }

        private void requested(long t, Message m) {
            boolean mine = role.is(p.rekeyInitiator) || role == Role.CLIENT && p.rekeyInitiator == Initiator.SENDER;
            if (!mine || !settled()) return; // REKEY-4, REKEY-5
            key.asked = true; // REKEY-4
            lives(t, m); // DEAD-4
        }

        private void data(long t, Message m) {
            if (m.epoch == 0) return; // AUTH-1: there is no such key
            boolean stream = p.transport == Transport.STREAM;
            boolean late = m.epoch < key.epoch;
            boolean before = oldLingers && m.epoch == key.epoch - 1; // REKEY-2
            boolean lingers = before && t <= after(key.from, p.negotiationTimeout); // REKEY-2
            boolean ahead = m.epoch > key.epoch;
            boolean answered = negotiation != null && !negotiation.mine && negotiation.epoch == m.epoch;
            if (ahead && stream && answered) early.add(m); // EARLY-1
            else if (ahead || !mayOffer(role.peer())) did("Discard", m); // EARLY-1, LIM-1
            else if (m.number <= dataDelivered || late && !lingers) did("Discard", m); // ORDER-1, REKEY-2
            else if (!late && key.spoilt) reject(m); // IDLE-3, DEAD-3
            else if (stream && m.number > dataDelivered + 1) close("ORDER-1: data was lost", true);
            else deliver(t, m); // FLOW-1
        }

        private void reject(Message m) {
            did("Reject", m); // IDLE-4
            if (p.onSpoof == OnSpoof.CLOSE) close("IDLE-4: a suspected spoof", true);
        }

        private void deliver(long t, Message m) {
            dataDelivered = m.number; // ORDER-1
            active(t); // HB-1
            if (m.epoch == key.epoch) {
                count(m.bytes); // BYTE-1, BYTE-4
                key.countTold = false; // REKEY-6: the notice may be lost, and is given again
                oldLingers = false; // REKEY-2: the data channel carries the new epoch
            }
            lives(t, m); // DEAD-4
            did("Deliver", m);
        }

        private void heartbeat(long t, Message m) {
            boolean replay = m.number <= beatAccepted && p.heartbeatProtection == Protection.PROTECTED;
            if (replay) return; // HB-5
            beatAccepted = m.number; // HB-5
            key.marked = true; // HB-3
            if (p.rejectTrigger == Trigger.HEARTBEAT) key.spoilt = true; // IDLE-3
            expectedAt = Math.max(after(t, p.heartbeatInterval), after(activeAt, p.idlePeriod)); // DEAD-3
            lives(t, m); // DEAD-4
            did("SendReply", message(Kind.REPLY, m.number, beatSize())); // HB-3
            count(p.byteCounts == ByteCounts.DATA ? 0 : m.bytes); // BYTE-2
            countOwn(beatSize());
        }

        private void replied(long t, Message m) {
            boolean answers = series != null && series.first <= m.number && m.number <= beatsSent; // DEAD-1, DEAD-4
            if (!answers || t > series.answerBy) { // DEAD-2
                lives(t, m); // DEAD-4
                return;
            }
            series = null; // DEAD-1
            count(p.byteCounts == ByteCounts.DATA ? 0 : m.bytes); // BYTE-2
        }

        /** DEAD-4: by one policy whatever authentic message comes under the key in force answers the series. */
        private void lives(long t, Message m) {
            boolean authentic = m.sealedBy == Seal.PEER && m.epoch == key.epoch; // DEAD-4
            boolean inTime = series != null && t <= series.answerBy; // DEAD-2
            if (p.proofOfLife == ProofOfLife.ANY && authentic && inTime) series = null; // DEAD-1, DEAD-4
        }

        private void noticed(long t, Message m) {
            if (counts()) return; // REKEY-6
            if (m.bytes > 0) {
                key.count = Math.max(key.count, m.bytes); // REKEY-6: as if it had counted
                key.overflowed = full(); // BYTE-5
            } else {
                key.idlenessTold = true; // REKEY-6
                if (p.rejectTrigger == Trigger.PERIOD) key.spoilt = true; // IDLE-3
            }
            lives(t, m); // DEAD-4
        }

        // ---------------------------------------------------------------------------------------- negotiation

        private boolean mayStart() {
            boolean hasData = !queue.isEmpty() || overflows();
            boolean sender = p.rekeyInitiator == Initiator.SENDER && (hasData || role == Role.CLIENT); // REKEY-4
            return sender || role.is(p.rekeyInitiator); // REKEY-4
        }

        private boolean request(long t) {
            requesting = true;
            awaitedSince = t; // EST-4
            return did("Request", message(Kind.REQUEST, 0, 0)); // REKEY-4
        }

        private boolean start(long t) {
            long epoch = key.epoch + 1; // EST-3
            long bytes = key.epoch == 0 && p.limitFrom == LimitFrom.INITIATOR ? limit : 0; // BYTE-3
            negotiate(t, new Negotiation(role.negotiation(epoch), epoch, true, canResume(t) ? session : "")); // CACHE-1
            return did("Start", ofNegotiation(Kind.START, bytes));
        }

        /** A negotiation starts, sent or accepted. */
        private void negotiate(long t, Negotiation begun) {
            active(t); // REKEY-3
            series = null; // DEAD-1
            requesting = false;
            negotiation = begun;
            if (awaitedSince == NEVER) awaitedSince = t; // EST-4: a later phase does not extend it
        }

        private void inForce(long t) {
            if (negotiation.session.equals(negotiation.id)) sessionFrom = t; // CACHE-1: not where it was abbreviated
            session = p.sessionCache == SessionCache.ON ? negotiation.session : ""; // CACHE-1
            oldLingers = p.channels == 2 && p.transport == Transport.STREAM && !key.spoilt; // REKEY-2
            key = new Key(negotiation.epoch, t); // CACHE-2: a fresh one, abbreviated or not
            negotiation = null;
            requesting = false;
            awaitedSince = NEVER; // EST-4
            beatAt = Math.max(beatAt, t); // HB-1: what fell due meanwhile is due now
            expectedAt = Math.max(expectedAt, t); // DEAD-3
            judgeIdleness(t); // IDLE-3
            List<Message> waited = early;
            early = new ArrayList<>();
            for (Message m : waited) if (open) data(t, m); // EARLY-1
        }

        private boolean canResume(long t) {
            return !session.isEmpty() && t < after(sessionFrom, p.sessionLifetime); // CACHE-1
        }

        // ---------------------------------------------------------------------------------- counts and idleness

        private boolean counts() { return p.accounting == Accounting.EACH || countsForBoth(); } // REKEY-6
        private boolean countsForBoth() { return role.is(p.accounting); } // REKEY-6
        private void count(long bytes) { if (counts()) key.count = after(key.count, bytes); } // BYTE-1, REKEY-6

        private boolean full() {
            return limit > 0 && (p.byteTest == ByteTest.EXCEEDED ? key.count > limit : key.count >= limit); // BYTE-3
        }

        private boolean overflows() { return key.overflowed && p.byteTrigger == ByteTrigger.AT_ONCE; } // BYTE-5
        private boolean old(long t) { return p.ageLimit > 0 && t >= after(key.from, p.ageLimit); } // AGE-1
        private boolean inUse(long t) { return p.idlePeriod == 0 || t < after(activeAt, p.idlePeriod); } // AGE-2

        /** Data was sent or delivered, or a negotiation started: idleness ends (HB-1, REKEY-3). */
        private void active(long t) {
            judgeIdleness(t); // IDLE-3
            activeAt = t;
            key.idlenessTold = false; // REKEY-6
            beatAt = after(t, p.idlePeriod); // HB-1
            expectedAt = after(t, p.idlePeriod); // DEAD-3
        }

        /** IDLE-3: what held once holds as long as the key. */
        private void judgeIdleness(long t) { key.spoilt |= key.epoch > 0 && idle(t, p.rejectTrigger); }

        /** Whether idle time here is what a trigger asks for (IDLE-1, IDLE-3); heartbeats mark the key instead. */
        private boolean idle(long t, Trigger trigger) {
            return switch (trigger) {
                case NEVER, HEARTBEAT -> false;
                case ANY -> t > activeAt;
                case PERIOD -> counts() ? 0 < p.rekeyIdle && p.rekeyIdle <= t - activeAt : key.idlenessTold; // REKEY-6
            };
        }

        /** A key is in force, and no negotiation for another in progress. */
        private boolean settled() { return key.epoch > 0 && negotiation == null; }
        private boolean missed() { return series != null && series.missed; } // DEAD-2
        private boolean held() { return series != null && p.whileWaiting == WhileWaiting.HOLD; } // HB-6

        private boolean sendsBeats(Role end) {
            boolean named = p.heartbeatSender == HeartbeatSender.BOTH || end.is(p.heartbeatSender); // HB-1
            return named && p.idlePeriod > 0; // HB-1
        }

        // -------------------------------------------------------------------------------------------- what leaves

        private boolean close(String reason, boolean announced) {
            did.add(new Did("Close", announced ? message(Kind.CLOSE, 0, 0) : null, reason)); // CLOSE-1
            open = false;
            return true;
        }

        /** A message under the key in force. */
        private Message message(Kind kind, long number, long bytes) {
            boolean clear = isBeat(kind) && p.heartbeatProtection == Protection.CLEAR; // HB-5
            Seal seal = clear ? Seal.NOBODY : Seal.PEER; // AUTH-1
            return new Message(kind, key.epoch, number, "", "", bytes, channel(kind), seal);
        }

        /** A message of the negotiation in progress, which names the epoch that it is for (EST-3). */
        private Message ofNegotiation(Kind kind, long bytes) {
            Negotiation n = negotiation;
            String said = p.sessionCache == SessionCache.ON ? n.session : ""; // CACHE-1
            return new Message(kind, n.epoch, 0, n.id, said, bytes, channel(kind), Seal.PEER);
        }

        private Channel channel(Kind kind) {
            if (p.channels == 1) return Channel.SINGLE;
            return kind == Kind.DATA ? Channel.DATA : Channel.CONTROL; // CHAN-1
        }

        private long beatSize() { return p.byteCounts == ByteCounts.DATA ? 0 : BEAT_SIZE; } // BYTE-2, HB-4
        private static boolean isBeat(Kind kind) { return kind == Kind.HEARTBEAT || kind == Kind.REPLY; }
        private boolean did(String action, Message m) { return did.add(new Did(action, m, null)); }
    }

    // --------------------------------------------------------------------------------------------------- the loop

    private static final int LONGEST = 8 << 20; // characters in a line: a run has many events, but not so many

    private final Map<Long, Place> places = new HashMap<>();
    private final Map<Long, List<Place>> gateways = new HashMap<>();

    private Map<String, Object> answer(Fields request) {
        String command = request.text("cmd");
        if (command.equals("hello")) {
            return new TreeMap<>(Map.of("protocol", 1L, "name", "Link.java", "version", "1", "unsupported", UNSUPPORTED,
                    "features", List.of("gateway")));
        }
        long id = request.number("id");
        var answer = new LinkedHashMap<String, Object>(Map.of("id", id));
        switch (command) {
            case "open" -> open(id, request);
            case "step" -> answer.putAll(step(place(id), request.fields("event")));
            case "run" -> {
                Place place = place(id);
                var events = request.list("events").stream().map(Fields::of);
                answer.put("replies", events.map(event -> step(place, event)).toList());
            }
            case "close" -> {
                place(id).leave();
                places.remove(id);
                gateways.values().removeIf(List::isEmpty);
            }
            default -> throw new BadInput("a command, one of hello, open, step, run, close", command);
        }
        return answer;
    }

    private void open(long id, Fields request) {
        if (places.containsKey(id)) throw new BadInput("an id that no open end has", id);
        Role role = request.word("end", Role.class);
        Policy policy = Policy.read(request.fields("policy"));
        boolean alone = !request.has("gateway");
        List<Place> gateway = alone ? new ArrayList<>()
                : gateways.computeIfAbsent(request.number("gateway"), number -> new ArrayList<>());
        places.put(id, new Place(role, policy, gateway, alone ? "" : request.text("user")));
    }

    private Place place(long id) {
        if (!places.containsKey(id)) throw new BadInput("the id of an end that is open", id);
        return places.get(id);
    }

    private static Map<String, Object> step(Place place, Fields event) {
        var result = new LinkedHashMap<String, Object>();
        result.put("did", place.step(Event.read(event)).stream().map(Did::json).toList());
        result.put("deadline", place.deadline() > MOST ? null : place.deadline());
        return result;
    }

    /** The next line without its end, or null at the end of input. */
    private static String line(BufferedReader in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) return line.isEmpty() ? null : line.toString();
            if (line.length() == LONGEST) throw new BadInput("a line of at most " + LONGEST + " characters", "" + line);
            line.append((char) c);
        }
        return line.toString();
    }

    public static void main(String[] args) {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8.newDecoder()));
        var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        var link = new Link();
        long number = 1;
        try {
            for (String line = line(in); line != null; line = line(in), number++) {
                out.print(Json.written(link.answer(Fields.of(Json.read(line)))) + "\n");
                out.flush(); // or the answer stays in a buffer, and the harness waits in vain
            }
        } catch (BadInput | IOException wrong) {
            String what = wrong instanceof CharacterCodingException ? "expected UTF-8" : wrong.getMessage();
            System.err.println("Link.java: line " + number + ": " + what);
            System.exit(2);
        }
    }
}
