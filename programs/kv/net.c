// SPDX-License-Identifier: Apache-2.0

#include "net.h"

#include <stdint.h>

#include "text.h"

#define IP_SIZE 4

static const uint8_t our_ip[IP_SIZE] = {10, 0, 2, 15};
static const uint8_t broadcast_mac[MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// The headers as they are on the wire. All fields are bytes, highest first, so
// neither alignment nor the byte order of the hart matters.
struct ethernet {
    uint8_t destination[MAC_SIZE];
    uint8_t source[MAC_SIZE];
    uint8_t type[2];
    uint8_t data[];
};

struct arp { // RFC 826
    uint8_t hardware_type[2];
    uint8_t protocol_type[2];
    uint8_t hardware_size;
    uint8_t protocol_size;
    uint8_t operation[2];
    uint8_t sender_mac[MAC_SIZE];
    uint8_t sender_ip[IP_SIZE];
    uint8_t target_mac[MAC_SIZE];
    uint8_t target_ip[IP_SIZE];
};

struct ipv4 { // RFC 791
    uint8_t version_and_header_words;
    uint8_t service;
    uint8_t length[2];
    uint8_t identification[2];
    uint8_t fragment[2];
    uint8_t time_to_live;
    uint8_t protocol;
    uint8_t checksum[2];
    uint8_t source[IP_SIZE];
    uint8_t destination[IP_SIZE];
    uint8_t data[]; // after the options, if there are any
};

struct icmp { // RFC 792
    uint8_t type;
    uint8_t code;
    uint8_t checksum[2];
    uint8_t data[];
};

struct udp { // RFC 768
    uint8_t source_port[2];
    uint8_t destination_port[2];
    uint8_t length[2];
    uint8_t checksum[2];
    uint8_t data[];
};

#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define HARDWARE_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define VERSION_4 0x40
#define PLAIN_HEADER_WORDS 5
#define DO_NOT_FRAGMENT 0x4000
#define MORE_OR_OFFSET 0x3fff // not zero: a piece of something larger
#define PROTOCOL_ICMP 1
#define PROTOCOL_UDP 17
#define ECHO_REPLY 0
#define ECHO_REQUEST 8

static unsigned get16(const uint8_t *field)
{
    return (unsigned)field[0] << 8 | field[1];
}

static void put16(uint8_t *field, unsigned value)
{
    field[0] = (uint8_t)(value >> 8);
    field[1] = (uint8_t)value;
}

// The internet checksum (RFC 1071): the complement of the sum of all 16-bit
// words, where a carry out of the top comes in again at the bottom. Over data
// that contains its own correct checksum the result is 0.
static uint32_t add_words(uint32_t sum, const void *data, size_t size)
{
    const uint8_t *byte = data;
    for (; size > 1; size -= 2, byte += 2) {
        sum += get16(byte);
    }
    return size ? sum + ((uint32_t)*byte << 8) : sum;
}

static unsigned finish_checksum(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

// UDP's checksum also covers the addresses, so that a datagram that went astray
// is noticed.
static unsigned udp_checksum(const struct ipv4 *ip, const struct udp *udp, size_t length)
{
    uint32_t sum = PROTOCOL_UDP + (uint32_t)length;
    sum = add_words(sum, ip->source, IP_SIZE);
    sum = add_words(sum, ip->destination, IP_SIZE);
    return finish_checksum(add_words(sum, udp, length));
}

static struct ethernet *begin_frame(const struct ethernet *request)
{
    struct ethernet *frame = (struct ethernet *)card_transmit_buffer();
    memcpy(frame->destination, request->source, MAC_SIZE);
    memcpy(frame->source, card_mac, MAC_SIZE);
    memcpy(frame->type, request->type, sizeof frame->type);
    return frame;
}

static void answer_arp(const struct ethernet *frame, size_t length)
{
    const struct arp *request = (const struct arp *)frame->data;
    if (length < sizeof *request || get16(request->hardware_type) != HARDWARE_ETHERNET
        || get16(request->protocol_type) != TYPE_IPV4 || get16(request->operation) != ARP_REQUEST
        || !bytes_equal(request->target_ip, our_ip, IP_SIZE)) {
        return;
    }
    struct ethernet *reply_frame = begin_frame(frame);
    struct arp *reply = (struct arp *)reply_frame->data;
    memcpy(reply, request, sizeof *reply);
    put16(reply->operation, ARP_REPLY);
    memcpy(reply->sender_mac, card_mac, MAC_SIZE);
    memcpy(reply->sender_ip, our_ip, IP_SIZE);
    memcpy(reply->target_mac, request->sender_mac, MAC_SIZE);
    memcpy(reply->target_ip, request->sender_ip, IP_SIZE);
    card_transmit(sizeof *reply_frame + sizeof *reply);
}

// Begins the answer to `request`; its data still has to be filled in, then
// send_packet does the rest.
static struct ipv4 *begin_packet(const struct ethernet *frame, const struct ipv4 *request)
{
    struct ipv4 *ip = (struct ipv4 *)begin_frame(frame)->data;
    ip->version_and_header_words = VERSION_4 | PLAIN_HEADER_WORDS;
    ip->service = 0;
    put16(ip->identification, 0); // of no use to packets that are never cut
    put16(ip->fragment, DO_NOT_FRAGMENT);
    ip->time_to_live = 64;
    ip->protocol = request->protocol;
    memcpy(ip->source, our_ip, IP_SIZE);
    memcpy(ip->destination, request->source, IP_SIZE);
    return ip;
}

static void send_packet(struct ipv4 *ip, size_t data_length)
{
    put16(ip->length, (unsigned)(sizeof *ip + data_length));
    put16(ip->checksum, 0);
    put16(ip->checksum, finish_checksum(add_words(0, ip, sizeof *ip)));
    card_transmit(sizeof(struct ethernet) + sizeof *ip + data_length);
}

static void answer_icmp(const struct ethernet *frame, const struct ipv4 *ip, const void *data, size_t length)
{
    const struct icmp *request = data;
    if (length < sizeof *request || request->type != ECHO_REQUEST || finish_checksum(add_words(0, data, length))) {
        return;
    }
    struct ipv4 *packet = begin_packet(frame, ip);
    struct icmp *reply = (struct icmp *)packet->data;
    memcpy(reply, request, length);
    reply->type = ECHO_REPLY;
    put16(reply->checksum, 0);
    put16(reply->checksum, finish_checksum(add_words(0, reply, length)));
    send_packet(packet, length);
}

static void answer_udp(const struct ethernet *frame, const struct ipv4 *ip, const void *data, size_t length,
    unsigned udp_port, datagram_handler handler)
{
    const struct udp *request = data;
    if (length < sizeof *request || get16(request->length) < sizeof *request || get16(request->length) > length
        || get16(request->destination_port) != udp_port) {
        return;
    }
    length = get16(request->length);
    // 0 says that the sender made no checksum.
    if (get16(request->checksum) && udp_checksum(ip, request, length)) {
        return;
    }
    struct ipv4 *packet = begin_packet(frame, ip);
    struct udp *reply = (struct udp *)packet->data;
    size_t reply_length = handler((const char *)request->data, length - sizeof *request, (char *)reply->data);
    if (!reply_length) {
        return; // a buffer that was not handed over is simply used again
    }
    reply_length += sizeof *reply;
    memcpy(reply->source_port, request->destination_port, sizeof reply->source_port);
    memcpy(reply->destination_port, request->source_port, sizeof reply->destination_port);
    put16(reply->length, (unsigned)reply_length);
    put16(reply->checksum, 0);
    unsigned checksum = udp_checksum(packet, reply, reply_length);
    put16(reply->checksum, checksum ? checksum : 0xffff); // the same number, and not "none"
    send_packet(packet, reply_length);
}

static void answer_ipv4(const struct ethernet *frame, size_t length, unsigned udp_port, datagram_handler handler)
{
    const struct ipv4 *ip = (const struct ipv4 *)frame->data;
    if (length < sizeof *ip || (ip->version_and_header_words & 0xf0) != VERSION_4) {
        return;
    }
    size_t header = (ip->version_and_header_words & 0x0fu) * 4;
    size_t total = get16(ip->length); // short frames are padded: it may be less
    if (header < sizeof *ip || total < header || total > length || finish_checksum(add_words(0, ip, header))
        || (get16(ip->fragment) & MORE_OR_OFFSET) || !bytes_equal(ip->destination, our_ip, IP_SIZE)) {
        return;
    }
    const uint8_t *data = frame->data + header;
    if (ip->protocol == PROTOCOL_ICMP) {
        answer_icmp(frame, ip, data, total - header);
    } else if (ip->protocol == PROTOCOL_UDP) {
        answer_udp(frame, ip, data, total - header, udp_port, handler);
    }
}

bool net_serve_one(unsigned udp_port, datagram_handler handler)
{
    size_t length;
    const struct ethernet *frame = (const struct ethernet *)card_receive(&length);
    if (!frame) {
        return false;
    }
    bool for_us = length >= sizeof *frame
        && (bytes_equal(frame->destination, card_mac, MAC_SIZE)
            || bytes_equal(frame->destination, broadcast_mac, MAC_SIZE));
    if (for_us && get16(frame->type) == TYPE_ARP) {
        answer_arp(frame, length - sizeof *frame);
    } else if (for_us && get16(frame->type) == TYPE_IPV4) {
        answer_ipv4(frame, length - sizeof *frame, udp_port, handler);
    }
    card_release();
    return true;
}
