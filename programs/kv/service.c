// SPDX-License-Identifier: Apache-2.0

#include "service.h"

#include <stdint.h>

#include "store.h"
#include "text.h"

#define CLIENTS_MAX 64
#define WORDS_MAX 5      // CLIENT SEQ SET key value
#define REQUEST_MAX 255
#define REPLY_SIZE 128   // two numbers, VALUE, and a value fit

// The last that we have heard of a client, and what we said.
static struct session {
    int64_t client;
    int64_t seq;
    char reply[REPLY_SIZE];
} sessions[CLIENTS_MAX];
static unsigned session_count;

static bool stopped;
struct service_totals service_totals;

static struct session *find_session(int64_t client)
{
    for (unsigned i = 0; i < session_count; i++) {
        if (sessions[i].client == client) {
            return &sessions[i];
        }
    }
    return NULL;
}

// Cuts the request into words where it stands. Returns how many there are;
// only the first WORDS_MAX are noted.
static unsigned split(char *request, char *words[WORDS_MAX])
{
    unsigned count = 0;
    for (;;) {
        while (*request == ' ') {
            *request++ = 0;
        }
        if (!*request) {
            return count;
        }
        if (count < WORDS_MAX) {
            words[count] = request;
        }
        count++;
        while (*request && *request != ' ') {
            request++;
        }
    }
}

// The four operations. Each writes the part of the reply behind CLIENT SEQ.

static void do_set(char *reply, char *const arguments[])
{
    text_copy(reply, store_set(arguments[0], arguments[1]) ? "OK" : "ERROR the store is full");
}

static void do_get(char *reply, char *const arguments[])
{
    const char *value = store_get(arguments[0]);
    if (value) {
        text_append(text_append(reply, "VALUE "), value);
    } else {
        text_copy(reply, "NONE");
    }
}

static void do_add(char *reply, char *const arguments[])
{
    const char *old = store_get(arguments[0]);
    int64_t number = 0;
    int64_t more;
    text_to_number(arguments[1], &more); // is one: why_malformed has looked
    char sum[NUMBER_SIZE];
    if (old && !text_to_number(old, &number)) {
        text_copy(reply, "ERROR the value is not a number");
    } else if (__builtin_add_overflow(number, more, &number)) {
        text_copy(reply, "ERROR the sum does not fit 64 bits");
    } else {
        text_from_number(sum, number);
        if (store_set(arguments[0], sum)) {
            text_append(text_append(reply, "VALUE "), sum);
        } else {
            text_copy(reply, "ERROR the store is full");
        }
    }
}

static void do_stop(char *reply, char *const arguments[])
{
    (void)arguments;
    stopped = true;
    text_copy(reply, "BYE");
}

static const struct operation {
    const char *name;
    unsigned arguments;
    const char *usage;
    void (*carry_out)(char *reply, char *const arguments[]);
} operations[] = {
    {"SET", 2, "SET wants a key and a value", do_set},
    {"GET", 1, "GET wants a key", do_get},
    {"ADD", 2, "ADD wants a key and a decimal number", do_add},
    {"STOP", 0, "STOP wants nothing more", do_stop},
};

static const struct operation *find_operation(const char *name)
{
    for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (text_equal(operations[i].name, name)) {
            return &operations[i];
        }
    }
    return NULL;
}

struct request {
    int64_t client;
    int64_t seq;
    const struct operation *operation;
    char *words[WORDS_MAX];
    char **arguments;
};

// Takes the text apart. NULL if it is a request, or else the reason why not.
static const char *why_malformed(char *text, struct request *request)
{
    for (const char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~') {
            return "a request is printable ASCII";
        }
    }
    unsigned count = split(text, request->words);
    if (count < 3) {
        return "a request is CLIENT SEQ OP and its arguments";
    }
    if (!text_to_number(request->words[0], &request->client) || request->client < 0
        || !text_to_number(request->words[1], &request->seq) || request->seq < 0) {
        return "CLIENT and SEQ are decimal numbers";
    }
    request->operation = find_operation(request->words[2]);
    if (!request->operation) {
        return "OP is SET, GET, ADD or STOP";
    }
    if (count != 3 + request->operation->arguments) {
        return request->operation->usage;
    }
    request->arguments = request->words + 3;
    for (unsigned i = 0; i < request->operation->arguments; i++) {
        if (text_length(request->arguments[i]) > WORD_MAX) {
            return "a key or value has at most 63 bytes";
        }
    }
    int64_t number;
    if (request->operation->carry_out == do_add && !text_to_number(request->arguments[1], &number)) {
        return request->operation->usage;
    }
    return NULL;
}

static size_t answer_error(char *reply, const char *reason)
{
    return (size_t)(text_append(text_append(reply, "ERROR "), reason) - reply);
}

size_t service_handle(const char *datagram, size_t length, char *reply)
{
    char text[REQUEST_MAX + 1];
    while (length && (datagram[length - 1] == '\n' || datagram[length - 1] == '\r')) {
        length--; // a person at a terminal ends the line
    }
    if (length > REQUEST_MAX) {
        return answer_error(reply, "the request is too long");
    }
    memcpy(text, datagram, length);
    text[length] = 0;
    if (text_length(text) != length) {
        return answer_error(reply, "a request is printable ASCII");
    }

    struct request request;
    const char *reason = why_malformed(text, &request);
    if (reason) {
        return answer_error(reply, reason);
    }

    struct session *session = find_session(request.client);
    if (session && request.seq < session->seq) {
        return 0; // overtaken on its way by one that has been answered
    }
    if (session && request.seq == session->seq) {
        service_totals.repeats++;
    } else {
        if (!session) {
            if (session_count == CLIENTS_MAX) {
                return answer_error(reply, "too many clients");
            }
            session = &sessions[session_count++];
            session->client = request.client;
        }
        service_totals.requests++;
        session->seq = request.seq;
        char *end = text_append_number(session->reply, request.client);
        end = text_append_number(text_append(end, " "), request.seq);
        request.operation->carry_out(text_append(end, " "), request.arguments);
    }
    return (size_t)(text_append(reply, session->reply) - reply);
}

bool service_stopped(void)
{
    return stopped;
}
