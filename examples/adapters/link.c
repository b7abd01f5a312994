// One end of a link that changes its keys and proves its peer alive: a whole adapter for rekeyspec in C11, in one file.
//
//     cc -O2 -std=c11 -Wall -Wextra -Werror -o link examples/adapters/link.c
//     rekeyspec check exec:./link
//
// It needs the standard library and nothing else. In order: this essay; JSON, as little of it as the protocol needs;
// the engine, which is the rules; the loop, which is the protocol. Each line that is there because of a rule cites it,
// and `rekeyspec rules HB-2` shows the words. There is no cryptography: a message says who sealed it, and is believed.
// There is no clock either: `now` is the time of the event in hand, and seven timers say when to be called.
//
//   waiting   A negotiation that is awaited, requested or begun puts its key in force within `negotiation_timeout`, or
//             the link ends (EST-4). Set by whichever of these came first, stopped when the key is in force.
//   beat      After `idle_period` without activity a heartbeat is sent, and the next one `heartbeat_interval` after it
//             (HB-1, HB-2). Activity sets it anew: data sent or delivered, or a negotiation begun (REKEY-3).
//   reply     A heartbeat is answered within `reply_timeout`, or repeated; when the repeats are spent the link ends or
//             the key is renewed (DEAD-1, DEAD-2). Stopped by the reply, and by a negotiation.
//   missing   The peer's heartbeat comes when it is expected or at most `grace` later; if not, the link ends, or only
//             a new key is trusted (DEAD-3). Set by activity and by each heartbeat that comes.
//   distrust  That new key is in force within `negotiation_timeout`, or the link ends (DEAD-3).
//   age       A key older than `age_limit` is renewed, on a link in use or on any (AGE-2). Set when it is in force.
//   notice    The end that counts for both tells the other of `rekey_idle` without activity (REKEY-6).
//
// What the user offers goes through one queue. At its head stands the message that may be sent now, or that has to wait
// for a new key; nothing overtakes it (FLOW-1). After each event `do_next` asks what is due, until nothing is.

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- JSON ------------------------------------------------------------------------------------------------------------

enum { TEXT = 64, DEEPEST = 16, LONGEST_LINE = 16 << 20 };
static const int64_t LARGEST = INT64_C(1) << 62; // no amount in the protocol is larger

static long line_number;

// Bad input ends the adapter: it cannot know what was meant, and the harness starts a new one.
static _Noreturn void die(const char *form, ...) {
    va_list values;
    va_start(values, form);
    fprintf(stderr, "link.c: line %ld: ", line_number);
    vfprintf(stderr, form, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

static void *grown(void *old, size_t size) {
    void *new = realloc(old, size);
    if (!new)
        die("there is no memory for %zu bytes", size);
    return new;
}

typedef struct Json Json;
struct Json {
    enum { WORD, NUMBER, STRING, LIST, OBJECT } is; // a word is true, false or null
    const char *key, *text; // of a member; of a string: as written, with its escapes, for we only compare and repeat it
    int64_t number;
    Json *first, *next; // what a list or object holds; what follows in it
};

static struct {
    char *line, *at;
    size_t room, nodes_room;
    Json *nodes, *free_node;
} in;

static _Noreturn void no_json(const char *expected) {
    die("read no JSON at byte %td, expected %s; write one JSON object a line", in.at - in.line, expected);
}

static char past_blanks(void) {
    in.at += strspn(in.at, " \t\r");
    return *in.at;
}

static const char *string(void) {
    const char *start = ++in.at;
    for (; *in.at != '"'; in.at++)
        if ((unsigned char)*in.at < ' ' || (*in.at == '\\' && (unsigned char)*++in.at < ' '))
            no_json("a closing quote");
    *in.at++ = '\0'; // nobody reads the quote again
    return start;
}

static int64_t number(void) {
    const bool negative = *in.at == '-';
    char *end = in.at + negative;
    int64_t n = 0;
    if (*end < '0' || *end > '9' || (*end == '0' && end[1] >= '0' && end[1] <= '9'))
        no_json("a value");
    for (; *end >= '0' && *end <= '9'; end++)
        n = n > LARGEST / 10 ? LARGEST + 1 : n * 10 + (*end - '0');
    if (n > LARGEST || *end == '.' || *end == 'e' || *end == 'E')
        no_json("a whole number of at most 2^62");
    in.at = end;
    return negative ? -n : n;
}

static Json *value(int depth) {
    Json *node = in.free_node++, **last = &node->first;
    *node = (Json){.is = WORD};
    const char c = past_blanks(), end = c == '{' ? '}' : ']';
    if (c == '{' || c == '[') {
        node->is = c == '{' ? OBJECT : LIST;
        if (depth == DEEPEST)
            no_json("less depth");
        in.at++;
        for (bool more = past_blanks() != end; more; last = &(*last)->next) {
            const char *key = NULL;
            if (c == '{' && past_blanks() != '"')
                no_json("a name in quotes");
            if (c == '{' && (key = string(), past_blanks() != ':' || !in.at++))
                no_json("a colon");
            *last = value(depth + 1);
            (*last)->key = key;
            more = past_blanks() == ',';
            in.at += more;
        }
        if (*in.at++ != end)
            no_json("a comma or the closing bracket");
    } else if (c == '"') {
        node->is = STRING;
        node->text = string();
    } else if (!strncmp(in.at, "true", 4) || !strncmp(in.at, "null", 4) || !strncmp(in.at, "false", 5)) {
        in.at += c == 'f' ? 5 : 4;
    } else {
        node->is = NUMBER;
        node->number = number();
    }
    return node;
}

// The next line as JSON, valid until the one after it is read; NULL at the end of input.
static const Json *read_line(void) {
    size_t length = 0, nodes = 1; // each value but the first has one of `[{,:` before it
    int c = getchar();
    if (c == EOF && !ferror(stdin))
        return NULL;
    for (line_number++; c != '\n' && c != EOF; c = getchar()) {
        if (length == LONGEST_LINE)
            die("read more than %d bytes, expected a shorter line; send the events in several runs", LONGEST_LINE);
        if (length + 2 > in.room)
            in.line = grown(in.line, in.room = 2 * in.room + 4096);
        nodes += c == '[' || c == '{' || c == ',' || c == ':';
        in.line[length++] = c ? (char)c : '\1'; // a NUL is as bad, and would hide what follows it
    }
    if (ferror(stdin))
        die("standard input cannot be read");
    if (!length)
        die("read an empty line, expected a JSON object");
    in.line[length] = '\0';
    if (nodes > in.nodes_room)
        in.nodes = grown(in.nodes, (in.nodes_room = 2 * nodes) * sizeof *in.nodes);
    in.free_node = in.nodes;
    in.at = in.line;
    const Json *all = value(0);
    if (past_blanks())
        no_json("the end of the line");
    return all;
}

static const Json *member(const Json *object, const char *key) {
    for (const Json *one = object->is == OBJECT ? object->first : NULL; one; one = one->next)
        if (!strcmp(one->key, key))
            return one;
    return NULL;
}

static const Json *need(const Json *object, const char *key, int is) {
    static const char *const NAMES[] = {"a word", "a number", "a string", "a list", "an object"};
    const Json *one = member(object, key);
    if (!one || (int)one->is != is)
        die("read %s `%s`, expected %s; see docs/adapters.md", one ? "another kind of" : "no", key, NAMES[is]);
    return one;
}

static const char *need_text(const Json *object, const char *key) { return need(object, key, STRING)->text; }

static int64_t count_in(const Json *object, const char *key) {
    const int64_t n = member(object, key) ? need(object, key, NUMBER)->number : 0;
    if (n < 0)
        die("read `%s` %" PRId64 ", expected a number from 0", key, n);
    return n;
}

// The place of a word among words that are separated by blanks; whatever is none of them is bad input.
static int choice(const char *what, const char *word, const char *words) {
    const size_t length = strlen(word);
    const char *at = words;
    for (int place = 0;; place++) {
        const size_t ends = strcspn(at, " ");
        if (ends == length && !memcmp(at, word, length))
            return place;
        if (!at[ends])
            die("read %s \"%.80s\", expected one of: %s", what, word, words);
        at += ends + 1;
    }
}

static struct {
    char *text;
    size_t length, room;
} out; // an answer is written when it is whole: who cannot answer writes nothing

static void put(const char *form, ...) {
    for (;;) {
        va_list values;
        va_start(values, form);
        const int length = vsnprintf(out.text + out.length, out.room - out.length, form, values);
        va_end(values);
        if (length < 0)
            die("an answer cannot be written");
        if ((size_t)length < out.room - out.length) {
            out.length += (size_t)length;
            return;
        }
        out.text = grown(out.text, out.room = 2 * out.room + (size_t)length + 1);
    }
}

// --- The engine: what the rules speak of -----------------------------------------------------------------------------

#define NEVER INT64_MAX

// Every parameter of a policy, with the words that it may be; a number has none. The words are numbered from 0, and so
// that an end has the same number everywhere: `heartbeat_sender` both is the two at once, and `direction` to-server is
// the number of the client, whose data flows.
#define PARAMETERS(P)                                                                                                  \
    P(direction, "both to-server to-client") P(transport, "stream datagram") P(authentication, "mutual server-only")   \
    P(negotiation_timeout, NULL) P(byte_limit, NULL) P(byte_test, "reached exceeded")                                  \
    P(byte_trigger, "at-once next-data") P(byte_floor, NULL) P(byte_counts, "data data+control")                       \
    P(limit_from, "own initiator") P(accounting, "each client server") P(age_limit, NULL)                              \
    P(age_trigger, "data active timer") P(idle_period, NULL) P(heartbeat_interval, NULL)                               \
    P(heartbeat_sender, "none client server both") P(heartbeat_protection, "protected clear")                          \
    P(while_waiting, "send hold") P(rekey_idle, NULL) P(idle_trigger, "never any period heartbeat")                    \
    P(reject_trigger, "never any period heartbeat") P(on_spoof, "close discard") P(reply_timeout, NULL)                \
    P(retries, NULL) P(on_missed_reply, "close rekey") P(on_missed_heartbeat, "ignore close rekey") P(grace, NULL)     \
    P(proof_of_life, "reply any") P(rekey_initiator, "sender client server") P(session_cache, "off on")                \
    P(session_lifetime, NULL) P(channels, NULL) P(max_message, NULL) P(queue_limit, NULL) P(links_per_user, NULL)      \
    P(delay, NULL)

typedef enum { CLIENT = 1, SERVER = 2 } Role;
enum { STREAM, DATAGRAM };                            // transport
enum { REACHED, EXCEEDED };                           // byte_test
enum { AT_ONCE, NEXT_DATA };                          // byte_trigger
enum { OF_DATA, OF_USE, OF_TIME };                    // age_trigger
enum { NEVER_IDLE, AT_ANY, AT_PERIOD, AT_HEARTBEAT }; // idle_trigger, reject_trigger
enum { IGNORING, CLOSING, REKEYING };                 // on_missed_heartbeat
enum { THEN_CLOSE, THEN_GO_ON };                      // on_spoof, on_missed_reply
enum { SENDER };                                      // rekey_initiator

typedef struct {
#define FIELD(name, words) int64_t name;
    PARAMETERS(FIELD)
} Policy;

typedef enum { REQUEST, START, ANSWER, FINISH, DATA, HEARTBEAT, REPLY, NOTICE, CLOSE } Kind;
static const char *const KINDS = "request start answer finish data heartbeat reply notice close";
enum { SINGLE, CONTROL_CHANNEL, DATA_CHANNEL };
static const char *const CHANNELS = "single control data";

typedef struct {
    Kind kind;
    int64_t epoch, number, bytes;
    char negotiation[TEXT], session[TEXT];
    int channel;
    bool unsealed; // sealed by nobody, or with a seal that does not fit
} Message;

typedef struct {
    int64_t bytes;
    int64_t idle_under; // IDLE-1: offered after idleness under this epoch, whose key may not protect it; or 0
} Offer;

typedef struct {
    bool open;
    int64_t now; // the time of the event in hand

    int64_t epoch, in_force_at;  // the epoch in force here, 0 before the first
    int64_t limit, count;        // BYTE-3: of bytes under one key, 0 for none; BYTE-1: those under this one
    bool reached;                // BYTE-5: by a message of ours, and a new key is wanted at once
    bool marked;                 // HB-3: by a heartbeat sent or accepted in this epoch
    bool spoilt;                 // IDLE-3, DEAD-3: nothing under this key is delivered any more
    bool missed;                 // DEAD-2: no reply came, and data waits for a new key
    bool trails;                 // REKEY-2: data of the epoch before this one may still come
    bool told_bytes, told_idle;  // REKEY-6: by the end that counts for us
    bool idle_told;              // REKEY-6: by us, of this idleness

    bool negotiating, mine; // a negotiation is in progress; this end started it
    char negotiation[TEXT]; // its id
    char agreed[TEXT];      // CACHE-1: the session that it resumes or makes; of our own start, the one that it offers
    bool requesting;        // REKEY-4: this end has asked the other to start
    bool requested;         // REKEY-4: the other has asked this end
    int64_t waiting_since;  // EST-4
    char session[TEXT];     // CACHE-1: the one held here, and since when
    int64_t session_at;

    int64_t active_at;              // HB-1: idle time runs from here
    int64_t next_beat;              // HB-1, HB-2
    int64_t beats, first_of_series; // numbers of the latest heartbeat sent, and of the first one of its series
    int64_t repeats, reply_until;   // DEAD-1: those left, and the timer; NEVER where no series is outstanding
    int64_t highest_beat;           // HB-5: of those accepted
    int64_t expected_at;            // DEAD-3: the peer's heartbeat
    int64_t distrust_until;         // DEAD-3

    int64_t sent, delivered; // numbers of data
    Offer *queue;            // from head to tail; `queued` are its bytes
    size_t head, tail, queue_room;
    int64_t queued;
    Message *early; // EARLY-1
    size_t early_length, early_room;
} Link;

typedef struct End End;
struct End {
    int64_t id;
    Role role, peer;
    Policy p;
    bool on_gateway;
    int64_t gateway;
    char *user;
    Link l;
    End *next;
};

static End *ends; // all that are open, the latest used first

enum { BEAT_BYTES = 16 }; // BYTE-2: the length of our heartbeats and replies, where that counts
typedef enum { OURS, THEIRS, DELIVERED } Whose;

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t sum(int64_t a, int64_t b) { return a > LARGEST - b ? NEVER : a + b; } // nothing comes after LARGEST

// --- The engine: what it says ----------------------------------------------------------------------------------------

static int channel_of(const End *e, Kind kind) { // CHAN-1
    return e->p.channels == 1 ? SINGLE : kind == DATA ? DATA_CHANNEL : CONTROL_CHANNEL;
}

static bool is_beat(Kind kind) { return kind == HEARTBEAT || kind == REPLY; }
static bool goes_clear(const End *e, Kind kind) { return is_beat(kind) && e->p.heartbeat_protection; } // HB-5

static Message message(const End *e, Kind kind) {
    const int64_t bytes = is_beat(kind) && e->p.byte_counts ? BEAT_BYTES : 0;
    return (Message){kind, e->l.epoch, .bytes = bytes, .channel = channel_of(e, kind), .unsealed = goes_clear(e, kind)};
}

static void put_word(const char *key, const char *words, int place) {
    while (place--)
        words += strcspn(words, " ") + 1;
    put("\"%s\":\"%.*s\"", key, (int)strcspn(words, " "), words);
}

static void report(const char *action, const Message *m, const char *reason) {
    put("%s{\"do\":\"%s\"", out.text[out.length - 1] == '[' ? "" : ",", action);
    if (reason)
        put(",\"reason\":\"%s\"", reason);
    if (m) {
        put(",\"message\":{");
        put_word("kind", KINDS, (int)m->kind);
        put(",\"epoch\":%" PRId64 ",\"number\":%" PRId64 ",\"bytes\":%" PRId64, m->epoch, m->number, m->bytes);
        put(",\"negotiation\":\"%s\",\"session\":\"%s\",", m->negotiation, m->session);
        put_word("channel", CHANNELS, m->channel);
        put(",\"sealed_by\":\"%s\"}", m->unsealed ? "nobody" : "peer");
    }
    put("}");
}

// --- The engine: what holds ------------------------------------------------------------------------------------------

static bool may_send(const End *e, Role who) { return !e->p.direction || e->p.direction == (int64_t)who; } // LIM-1
static bool sends_beats(const End *e, Role who) { return e->p.idle_period && e->p.heartbeat_sender & who; } // HB-1
static bool is_held(const End *e) { return e->p.while_waiting && e->l.reply_until != NEVER && !e->l.missed; } // HB-6
static bool has_data(const End *e) { return e->l.head < e->l.tail; }
static bool counts(const End *e) { return e->p.accounting != (int64_t)e->peer; }           // REKEY-6
static bool counts_for_both(const End *e) { return e->p.accounting == (int64_t)e->role; } // REKEY-6

static bool meets_limit(const End *e, int64_t count) { // BYTE-3
    return e->l.limit && (e->p.byte_test == REACHED ? count >= e->l.limit : count > e->l.limit);
}

static bool is_full(const End *e) { return counts(e) ? meets_limit(e, e->l.count) : e->l.told_bytes; } // REKEY-6

// IDLE-1, IDLE-3: such idleness is here now, so far as time decides. REKEY-6: an end that does not count was told.
static bool is_idle(const End *e, int64_t trigger) {
    const int64_t idle_time = e->l.now - e->l.active_at;
    if (trigger == AT_ANY)
        return counts(e) && idle_time > 0;
    if (trigger == AT_PERIOD)
        return counts(e) ? e->p.rekey_idle && idle_time >= e->p.rekey_idle : e->l.told_idle;
    return false;
}

static bool is_spoilt(const End *e) { return e->l.spoilt || is_idle(e, e->p.reject_trigger); } // IDLE-3

// The message at the head of the queue may not be sent under this key: a new one is needed.
static bool needs_new_key(const End *e) {
    const Link *l = &e->l;
    const bool old = e->p.age_limit && l->now - l->in_force_at >= e->p.age_limit; // AGE-1
    const bool idle = l->queue[l->head].idle_under == l->epoch, marked = e->p.idle_trigger == AT_HEARTBEAT && l->marked;
    return is_full(e) || old || idle || marked || l->missed; // BYTE-3, IDLE-1, DEAD-2
}

static bool may_start(const End *e, bool for_data) { // REKEY-4
    return e->p.rekey_initiator == SENDER ? for_data || e->role == CLIENT : e->p.rekey_initiator == (int64_t)e->role;
}

static bool has_session(const End *e) { // CACHE-1
    return *e->l.session && e->l.now - e->l.session_at < e->p.session_lifetime;
}

// --- The engine: the seven timers; NEVER where one is not set --------------------------------------------------------

static int64_t waiting_until(const End *e) { return sum(e->l.waiting_since, e->p.negotiation_timeout); } // EST-4

static int64_t beat_at(const End *e) { // HB-1: none during a negotiation; DEAD-1: nor in a series
    const Link *l = &e->l;
    const bool due = sends_beats(e, e->role) && l->epoch && !l->negotiating && l->reply_until == NEVER; // EST-1
    return due ? l->next_beat : NEVER;
}

static int64_t reply_at(const End *e) { return e->l.missed ? NEVER : e->l.reply_until; } // DEAD-1

static int64_t missing_at(const End *e) { // DEAD-3
    const Link *l = &e->l;
    const bool expected = sends_beats(e, e->peer) && l->epoch && !l->negotiating && l->distrust_until == NEVER;
    return expected && e->p.on_missed_heartbeat != IGNORING ? sum(l->expected_at, e->p.grace) : NEVER;
}

static int64_t age_at(const End *e) { // AGE-2: by itself; where it is data that calls for a new key, see above
    const Link *l = &e->l;
    const int64_t at = sum(l->in_force_at, e->p.age_limit);
    const bool in_use = !e->p.idle_period || at < sum(l->active_at, e->p.idle_period);
    const bool by_itself = e->p.age_trigger == OF_TIME || (e->p.age_trigger == OF_USE && in_use);
    const bool ours = l->epoch && !l->negotiating && !l->requesting && may_start(e, false); // REKEY-4
    return e->p.age_limit && by_itself && ours ? at : NEVER;
}

static int64_t notice_at(const End *e) { // REKEY-6: of idleness, where the other end can act on it
    const Link *l = &e->l;
    const bool of_use = (e->p.idle_trigger == AT_PERIOD && may_send(e, e->peer)) ||
                        (e->p.reject_trigger == AT_PERIOD && may_send(e, e->role));
    const bool due = counts_for_both(e) && e->p.rekey_idle && of_use && !l->idle_told && l->epoch && !l->negotiating;
    if (!due || has_data(e)) // what waits may yet leave under this key, and the other end would take it for a spoof
        return NEVER;
    return sum(l->active_at, e->p.rekey_idle);
}

static int64_t deadline(const End *e) {
    const int64_t at[] = {waiting_until(e), beat_at(e), reply_at(e), missing_at(e),
                          e->l.distrust_until, age_at(e), notice_at(e)};
    int64_t first = NEVER;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        if (at[i] > e->l.now) // what is past and not done is held back (HB-6), until something arrives
            first = smaller(first, at[i]);
    return e->l.open ? first : NEVER;
}

// --- The engine: what changes ----------------------------------------------------------------------------------------

static void drop_all(Link *l) {
    free(l->queue);
    free(l->early);
    *l = (Link){.now = l->now, .waiting_since = NEVER, .reply_until = NEVER, .distrust_until = NEVER};
}

static void end_link(End *e, bool announced, const char *reason) {
    const Message m = message(e, CLOSE);
    report("Close", announced ? &m : NULL, reason); // CLOSE-1
    drop_all(&e->l);                                // DEAD-5
}

static void be_active(End *e) { // HB-1: data was sent or delivered, or a negotiation has begun
    Link *l = &e->l;
    l->spoilt = is_spoilt(e); // IDLE-3: the idleness that ends here is remembered
    l->active_at = l->now;
    l->next_beat = l->expected_at = sum(l->now, e->p.idle_period); // HB-1, DEAD-3
    l->idle_told = l->told_idle = false;                           // REKEY-6
}

static void begin(End *e, bool mine, const char *negotiation, const char *session) {
    Link *l = &e->l;
    be_active(e); // REKEY-3
    l->reply_until = NEVER; // DEAD-1: EST-4's limit takes over
    l->negotiating = true;
    l->mine = mine;
    strcpy(l->negotiation, negotiation);
    strcpy(l->agreed, session);
    l->requesting = l->requested = false;
    l->waiting_since = smaller(l->waiting_since, l->now); // EST-4: a later phase extends nothing
}

static void put_in_force(End *e, const char *session) {
    Link *l = &e->l;
    l->trails = e->p.channels == 2 && e->p.transport == STREAM && !is_spoilt(e); // REKEY-2
    l->epoch++;                                                                   // EST-3, CACHE-2: always a new key
    l->in_force_at = l->now;                                                      // REKEY-3
    l->count = 0;                                                                 // BYTE-4
    l->reached = l->marked = l->spoilt = l->missed = l->told_bytes = l->told_idle = false;
    l->negotiating = l->requesting = false;
    l->waiting_since = l->distrust_until = NEVER;
    l->expected_at = larger(l->expected_at, l->now); // DEAD-3: none was expected during the negotiation
    if (*session && strcmp(session, l->session)) {   // CACHE-1: abbreviating does not prolong a session
        strcpy(l->session, session);
        l->session_at = l->now;
    }
}

static void name(char negotiation[TEXT], Role starter, int64_t epoch) {
    snprintf(negotiation, TEXT, "%c%" PRId64, starter == CLIENT ? 'c' : 's', epoch);
}

static void start(End *e) {
    Link *l = &e->l;
    Message m = message(e, START);
    m.epoch = l->epoch + 1; // EST-3
    name(m.negotiation, e->role, m.epoch);
    if (has_session(e)) // CACHE-1
        strcpy(m.session, l->session);
    if (!l->epoch && e->p.limit_from) // BYTE-3
        m.bytes = l->limit;
    begin(e, true, m.negotiation, m.session);
    report("Start", &m, NULL);
}

static void ask_for_start(End *e) { // REKEY-4
    const Message m = message(e, REQUEST);
    report("Request", &m, NULL);
    e->l.requesting = true;
    e->l.waiting_since = smaller(e->l.waiting_since, e->l.now); // EST-4
}

static void send_notice(End *e, int64_t bytes) { // REKEY-6
    Message m = message(e, NOTICE);
    m.bytes = bytes;
    report("SendNotice", &m, NULL);
}

// BYTE-1: so many bytes more under this key. One that a message of ours fills is renewed at once (BYTE-5); the end that
// counts for both tells the other, and again at each delivery: a notice may be lost (REKEY-6).
static void count(End *e, int64_t bytes) { e->l.count = smaller(sum(e->l.count, bytes), LARGEST); }

static void counted(End *e, bool was_full, Whose whose) {
    Link *l = &e->l;
    if (is_full(e) && !was_full && whose == OURS && e->p.byte_trigger == AT_ONCE)
        l->reached = true;
    else if (is_full(e) && counts_for_both(e) && !l->negotiating && (whose == DELIVERED || !was_full))
        send_notice(e, l->count);
}

static void add(End *e, int64_t bytes, Whose whose) {
    const bool was_full = is_full(e);
    count(e, bytes);
    counted(e, was_full, whose);
}

static void add_control(End *e, int64_t bytes, Whose whose) { // BYTE-2
    if (e->p.byte_counts)
        add(e, bytes, whose);
}

static void send_data(End *e) {
    Link *l = &e->l;
    Message m = message(e, DATA);
    m.number = ++l->sent; // LIM-3
    m.bytes = l->queue[l->head++].bytes;
    l->queued -= m.bytes;
    be_active(e);
    report("SendData", &m, NULL);
    add(e, m.bytes, OURS);
}

static void send_heartbeat(End *e) {
    Link *l = &e->l;
    Message m = message(e, HEARTBEAT);
    m.number = ++l->beats; // LIM-3
    l->marked = true;                                 // IDLE-1
    l->reply_until = sum(l->now, e->p.reply_timeout); // DEAD-1
    report("SendHeartbeat", &m, NULL);
    add_control(e, m.bytes, OURS);
}

// --- The engine: what arrives ----------------------------------------------------------------------------------------

static bool is_answerable(const Link *l) { // DEAD-2: what comes after the last timeout changes nothing
    return l->reply_until != NEVER && l->now <= l->reply_until;
}

static void be_answered(Link *l) {
    l->reply_until = NEVER;
    l->missed = false;
}

static void prove_life(End *e, const Message *m) { // DEAD-4: it was authentic, of the epoch in force, and accepted
    if (e->p.proof_of_life && !m->unsealed && is_answerable(&e->l))
        be_answered(&e->l);
}

static void deliver(End *e, const Message *m) {
    Link *l = &e->l;
    be_active(e);
    l->delivered = m->number;
    report("Deliver", m, NULL);
    if (m->epoch != l->epoch)
        return; // BYTE-4: bytes of the old epoch count for the old one only
    l->trails = false; // REKEY-2: the data channel itself carries the new epoch
    add(e, m->bytes, DELIVERED);
    prove_life(e, m);
}

static void take_data(End *e, const Message *m) {
    Link *l = &e->l;
    const bool answered = l->negotiating && !l->mine && m->epoch == l->epoch + 1;
    const bool trails = l->trails && m->epoch == l->epoch - 1 && l->now - l->in_force_at <= e->p.negotiation_timeout;
    if (!m->epoch)
        return; // AUTH-1: there is no key of epoch 0
    if (answered && e->p.transport == STREAM) {
        if (l->early_length == l->early_room)
            l->early = grown(l->early, (l->early_room = 2 * l->early_room + 4) * sizeof *l->early);
        l->early[l->early_length++] = *m; // EARLY-1
    } else if (!may_send(e, e->peer) || (m->epoch != l->epoch && !trails) || m->number <= l->delivered) {
        report("Discard", m, NULL); // LIM-1; EARLY-1, REKEY-2; ORDER-1: a repeat is no spoof
    } else if (m->epoch == l->epoch && is_spoilt(e)) {
        l->spoilt = true;
        report("Reject", m, NULL); // IDLE-3, IDLE-4
        if (e->p.on_spoof == THEN_CLOSE)
            end_link(e, true, "IDLE-4");
    } else if (e->p.transport == STREAM && m->number != l->delivered + 1) {
        end_link(e, true, "ORDER-1");
    } else {
        deliver(e, m);
    }
}

static void take_early(End *e) { // EARLY-1: what waited for the epoch that has just come into force
    Message *early = e->l.early;
    const size_t length = e->l.early_length;
    e->l.early = NULL;
    e->l.early_length = e->l.early_room = 0;
    for (size_t i = 0; i < length && e->l.open; i++)
        take_data(e, &early[i]);
    free(early);
}

static void take_start(End *e, const Message *m) {
    Link *l = &e->l;
    Message answer = message(e, ANSWER);
    answer.epoch = l->epoch + 1;
    name(answer.negotiation, e->peer, answer.epoch);
    if (m->epoch == answer.epoch && l->epoch && e->p.rekey_initiator == (int64_t)e->role)
        report("RefuseStart", m, NULL); // REKEY-4
    if (m->epoch != answer.epoch || strcmp(m->negotiation, answer.negotiation))
        return; // EST-3
    if (l->epoch ? e->p.rekey_initiator == (int64_t)e->role : e->role == CLIENT)
        return; // REKEY-4, EST-4: who starts
    if (l->negotiating && !(l->mine && e->role == SERVER))
        return; // REKEY-5: the client's own wins, and there is one at a time
    if (!l->epoch && e->p.limit_from)
        l->limit = m->bytes; // BYTE-3
    if (e->p.session_cache) // CACHE-1
        strcpy(answer.session, has_session(e) && !strcmp(m->session, l->session) ? l->session : answer.negotiation);
    begin(e, false, answer.negotiation, answer.session);
    report("Answer", &answer, NULL);
}

// EST-3: it belongs to the negotiation in progress, which this end or the other started.
static bool fits(const Link *l, const Message *m, bool mine) {
    return l->negotiating && l->mine == mine && !strcmp(m->negotiation, l->negotiation) && m->epoch == l->epoch + 1;
}

static void take_answer(End *e, const Message *m) {
    const bool resumed = !strcmp(m->session, e->l.agreed), made = !strcmp(m->session, m->negotiation);
    if (!fits(&e->l, m, true) || !(e->p.session_cache ? *m->session && (resumed || made) : !*m->session))
        return; // CACHE-1: an answer that resumes any other session has no effect
    Message finish = message(e, FINISH);
    finish.epoch = m->epoch;
    strcpy(finish.negotiation, m->negotiation);
    strcpy(finish.session, m->session);
    put_in_force(e, m->session);
    report("Finish", &finish, NULL);
}

static void take_finish(End *e, const Message *m) {
    if (!fits(&e->l, m, false))
        return;
    put_in_force(e, e->l.agreed);
    take_early(e);
}

static void take_request(End *e, const Message *m) { // REKEY-4: where both may start, it is the client that is asked
    if (!may_start(e, false) || e->l.negotiating)
        return;
    e->l.requested = true;
    prove_life(e, m);
}

static void take_heartbeat(End *e, const Message *m) {
    Link *l = &e->l;
    if (!goes_clear(e, HEARTBEAT) && m->number <= l->highest_beat)
        return; // HB-5: a replay
    l->highest_beat = larger(l->highest_beat, m->number);
    l->marked = true;                                                                                   // HB-3
    l->spoilt = l->spoilt || e->p.reject_trigger == AT_HEARTBEAT;                                       // IDLE-3
    l->expected_at = larger(sum(l->now, e->p.heartbeat_interval), sum(l->active_at, e->p.idle_period)); // DEAD-3
    Message reply = message(e, REPLY);
    reply.number = m->number;
    report("SendReply", &reply, NULL); // HB-3
    if (e->p.byte_counts) { // BYTE-2: both, then whatever follows (REKEY-6)
        const bool was_full = is_full(e);
        count(e, m->bytes);
        const Whose whose = is_full(e) ? THEIRS : OURS;
        count(e, reply.bytes);
        counted(e, was_full, whose);
    }
    prove_life(e, m);
}

static void take_reply(End *e, const Message *m) {
    Link *l = &e->l;
    const bool to_series = m->number >= l->first_of_series && m->number <= l->beats; // DEAD-1: to any of the series
    if (to_series && is_answerable(l)) {
        add_control(e, m->bytes, THEIRS);
        be_answered(l);
    }
    prove_life(e, m);
}

static void take_notice(End *e, const Message *m) { // REKEY-6
    Link *l = &e->l;
    if (counts(e))
        return;
    l->told_idle = l->told_idle || !m->bytes;
    l->told_bytes = l->told_bytes || meets_limit(e, m->bytes);
    l->reached = l->reached || (meets_limit(e, m->bytes) && e->p.byte_trigger == AT_ONCE); // BYTE-5: ours met it
    l->spoilt = is_spoilt(e);
    prove_life(e, m);
}

static void (*const TAKE[])(End *, const Message *) = {take_request, take_start, take_answer, take_finish,
                                                       take_data, take_heartbeat, take_reply, take_notice};

static void arrive(End *e, const Message *m) {
    const bool needs_key = m->kind == REQUEST || is_beat(m->kind) || m->kind == NOTICE;
    if (m->channel != channel_of(e, m->kind) || (m->unsealed && !goes_clear(e, m->kind)))
        return; // CHAN-1, AUTH-1; so also HB-5 and EST-2
    if (needs_key && (m->epoch != e->l.epoch || !m->epoch))
        return; // HB-3, REKEY-6
    if (m->kind == CLOSE)
        end_link(e, false, "CLOSE-1"); // under whichever key
    else
        TAKE[m->kind](e, m);
}

// --- The engine: what the user does, and what is due -----------------------------------------------------------------

static void open_link(End *e) {
    int64_t places = e->p.links_per_user; // GATE-1
    for (const End *one = e->on_gateway && places ? ends : NULL; one; one = one->next)
        places -= one->l.open && one->on_gateway && one->gateway == e->gateway && !strcmp(one->user, e->user);
    if (e->p.links_per_user && places <= 0) {
        report("Refuse", NULL, "GATE-1");
        return;
    }
    drop_all(&e->l); // IDLE-5
    e->l.open = true;
    e->l.active_at = e->l.waiting_since = e->l.now;                              // EST-4: at the server too
    e->l.limit = e->p.byte_limit ? larger(e->p.byte_limit, e->p.byte_floor) : 0; // BYTE-3
    if (e->role == CLIENT)
        start(e); // EST-4
}

static void offer(End *e, int64_t bytes) {
    Link *l = &e->l;
    const bool too_much = has_data(e) && sum(l->queued, bytes) > e->p.queue_limit;
    if (!l->open || !may_send(e, e->role) || bytes > e->p.max_message || too_much) {
        report("Refuse", NULL, l->open ? "LIM-1" : "DEAD-5");
        return;
    }
    if (!has_data(e))
        l->head = l->tail = 0;
    if (l->tail == l->queue_room)
        l->queue = grown(l->queue, (l->queue_room = 2 * l->queue_room + 16) * sizeof *l->queue);
    l->queue[l->tail++] = (Offer){bytes, is_idle(e, e->p.idle_trigger) ? l->epoch : 0}; // IDLE-1: judged now
    l->queued += bytes;
}

// The reason for which the link ends now, if there is one.
static const char *end_due(const End *e) {
    const Link *l = &e->l;
    if (l->now >= waiting_until(e))
        return "EST-4";
    if (l->now >= l->distrust_until || (l->now >= missing_at(e) && e->p.on_missed_heartbeat == CLOSING))
        return "DEAD-3";
    return l->now >= reply_at(e) && !l->repeats && e->p.on_missed_reply == THEN_CLOSE ? "DEAD-2" : NULL;
}

// The first of what is due now is done; false if nothing is.
static bool do_next(End *e) {
    Link *l = &e->l;
    const int64_t now = l->now;
    const char *reason = end_due(e);
    if (reason) {
        end_link(e, true, reason);
        return false;
    }
    if (now >= missing_at(e)) { // DEAD-3
        l->spoilt = true;
        l->distrust_until = sum(now, e->p.negotiation_timeout);
        report("Suspect", NULL, NULL);
        return true;
    }
    if (now >= reply_at(e) && l->repeats) { // DEAD-1
        l->repeats--;
        send_heartbeat(e);
        return true;
    }
    l->missed = l->missed || now >= reply_at(e); // DEAD-2
    if (!l->epoch || l->negotiating)             // EST-1, REKEY-1, REKEY-5
        return false;
    const bool data = has_data(e), must_wait = data && needs_new_key(e);
    const bool wanted = must_wait || l->reached || l->missed || now >= age_at(e); // NEED-1, IDLE-2: for nothing else
    if ((wanted || l->requested) && !l->requesting && !is_held(e)) {              // HB-6
        if (l->requested || may_start(e, data || l->reached))
            start(e); // REKEY-4
        else
            ask_for_start(e);
    } else if (data && !must_wait && !is_held(e)) { // FLOW-1, HB-6
        send_data(e);
    } else if (now >= notice_at(e)) { // REKEY-6
        l->idle_told = true;
        send_notice(e, 0);
    } else if (now >= beat_at(e)) {                       // HB-1
        l->next_beat = sum(now, e->p.heartbeat_interval); // HB-2
        l->repeats = e->p.retries;                        // DEAD-1
        l->first_of_series = l->beats + 1;
        send_heartbeat(e);
    } else {
        return false;
    }
    return true;
}

// --- The loop: lines in, lines out -----------------------------------------------------------------------------------

static void read_text(char to[TEXT], const Json *object, const char *key) {
    const char *text = member(object, key) ? need_text(object, key) : "";
    if (strlen(text) >= TEXT)
        die("read a `%s` of %zu bytes, expected less than %d", key, strlen(text), TEXT);
    strcpy(to, text);
}

static Message read_message(const Json *object) {
    Message m = {.kind = (Kind)choice("kind", need_text(object, "kind"), KINDS)};
    m.epoch = count_in(object, "epoch");
    m.number = count_in(object, "number");
    m.bytes = count_in(object, "bytes");
    read_text(m.negotiation, object, "negotiation");
    read_text(m.session, object, "session");
    m.channel = member(object, "channel") ? choice("channel", need_text(object, "channel"), CHANNELS) : SINGLE;
    m.unsealed = member(object, "sealed_by") && choice("sealed_by", need_text(object, "sealed_by"), "peer nobody");
    return m;
}

static void step(End *e, const Json *event) {
    enum { OPEN, OFFER, ARRIVE, TICK, SHUT };
    const int what = choice("event", need_text(event, "do"), "Open Offer Arrive Tick Shut");
    const bool was_open = e->l.open;
    const int64_t t = need(event, "t", NUMBER)->number;
    if (t < e->l.now)
        die("read the time %" PRId64 " after %" PRId64 ", expected none before it", t, e->l.now);
    e->l.now = t;
    put("\"did\":[");
    if (what == OPEN && !was_open) // a run is composed before it is answered, and may open what has not closed yet
        open_link(e);
    if (what == OFFER)
        offer(e, count_in(event, "bytes"));
    if (what == ARRIVE) {
        const Message m = read_message(need(event, "message", OBJECT));
        if (was_open) // CLOSE-1: a closed end ignores what arrives
            arrive(e, &m);
    }
    if (what == SHUT && was_open)
        end_link(e, true, "CLOSE-1");
    while (e->l.open && do_next(e)) {
    }
    const int64_t at = deadline(e);
    put(at == NEVER ? "],\"deadline\":null" : "],\"deadline\":%" PRId64, at);
}

static int64_t read_parameter(const Json *object, const char *name, const char *words) {
    need(object, name, words ? STRING : NUMBER);
    return words ? choice(name, need_text(object, name), words) : count_in(object, name);
}

static Policy read_policy(const Json *object) {
    Policy p;
#define READ(name, words) p.name = read_parameter(object, #name, words);
    PARAMETERS(READ)
    return p;
}

// The end with this number, moved to the front of the list.
static End *end_with(int64_t id) {
    for (End **at = &ends; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            End *e = *at;
            *at = e->next;
            e->next = ends;
            return ends = e;
        }
    return NULL;
}

static void new_end(int64_t id, const Json *request) {
    const Role role = choice("end", need_text(request, "end"), "client server") ? SERVER : CLIENT;
    const bool on_gateway = member(request, "gateway") != NULL; // GATE-1
    const char *user = on_gateway ? need_text(request, "user") : "";
    if (end_with(id))
        die("read open of the number %" PRId64 ", expected one that no open end has", id);
    End *e = grown(NULL, sizeof *e);
    *e = (End){.id = id, .role = role, .peer = role == CLIENT ? SERVER : CLIENT, .on_gateway = on_gateway};
    e->p = read_policy(need(request, "policy", OBJECT));
    e->gateway = on_gateway ? need(request, "gateway", NUMBER)->number : 0;
    e->user = strcpy(grown(NULL, strlen(user) + 1), user);
    e->next = ends;
    ends = e;
    drop_all(&e->l);
}

static void free_first(void) {
    End *e = ends;
    ends = e->next;
    drop_all(&e->l);
    free(e->user);
    free(e);
}

static void answer(const Json *request) {
    enum { HELLO, OPEN, STEP, RUN };
    const int command = choice("cmd", need_text(request, "cmd"), "hello open step run close");
    if (command == HELLO) {
        const int64_t protocol = need(request, "protocol", NUMBER)->number;
        if (protocol != 1)
            die("read protocol %" PRId64 ", expected 1; use the link.c that came with that rekeyspec", protocol);
        put("{\"protocol\":1,\"name\":\"link.c\",\"version\":\"1\",\"features\":[\"gateway\"]"); // GATE-1
        put(",\"unsupported\":{\"IKE-1\":\"it speaks no ISAKMP\",\"IKE-2\":\"it speaks no ISAKMP\"}}\n");
        return;
    }
    const int64_t id = need(request, "id", NUMBER)->number;
    if (command != OPEN && !end_with(id))
        die("read the number %" PRId64 ", expected that of an open end", id);
    put("{\"id\":%" PRId64, id);
    if (command == OPEN) {
        new_end(id, request);
    } else if (command == STEP) {
        put(",");
        step(ends, need(request, "event", OBJECT));
    } else if (command == RUN) {
        put(",\"replies\":[");
        for (const Json *one = need(request, "events", LIST)->first; one; one = one->next) {
            put("{");
            step(ends, one);
            put(one->next ? "}," : "}");
        }
        put("]");
    } else {
        free_first();
    }
    put("}\n");
}

int main(void) {
    for (const Json *request = read_line(); request; request = read_line()) {
        out.length = 0;
        answer(request);
        if (fwrite(out.text, 1, out.length, stdout) != out.length || fflush(stdout))
            die("standard output cannot be written");
    }
    while (ends)
        free_first();
    free(in.line);
    free(in.nodes);
    free(out.text);
    return EXIT_SUCCESS;
}
