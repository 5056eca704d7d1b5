// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of control.c. */
#include <kunit/test.h>
#include <linux/unaligned.h>

#include "../control.h"

/* A ticket with one octet in it, and a KeyUpdate that asks for ours. */
static const u8 ticket[] = {
	4, 0, 0, 14, 0, 0, 28, 32, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0
};

static const u8 key_update[] = { 24, 0, 0, 1, 1 };

/* Gives the record in pieces of @piece octets. */
static int parse_in(struct sluice_control *control,
		    struct sluice_control_result *result, u8 type, u64 seq,
		    const u8 *data, size_t len, size_t piece)
{
	size_t done, n;
	int rc;

	rc = sluice_control_begin(control, result, type, seq, len);
	for (done = 0; !rc && done < len; done += n) {
		n = min(piece, len - done);
		rc = sluice_control_feed(control, result, type, data + done, n);
	}
	return rc;
}

static int parse(struct sluice_control *control,
		 struct sluice_control_result *result, u8 type, u64 seq,
		 const u8 *data, size_t len)
{
	return parse_in(control, result, type, seq, data, len, 128);
}

static void control_ticket(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control;
	size_t piece;

	for (piece = 1; piece <= sizeof(ticket); piece++) {
		memset(&control, 0, sizeof(control));
		KUNIT_EXPECT_EQ(test, 0,
				parse_in(&control, &result,
					 SLUICE_RECORD_HANDSHAKE, 0, ticket,
					 sizeof(ticket), piece));
		KUNIT_EXPECT_EQ(test, 1, result.tickets);
		KUNIT_EXPECT_FALSE(test, result.key_update);
		KUNIT_EXPECT_EQ(test, -1, result.alert);
		KUNIT_EXPECT_EQ(test, 0, control.header_len);
	}
}

static void control_key_update(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control = {};
	u8 message[sizeof(key_update)];
	unsigned int value;

	memcpy(message, key_update, sizeof(message));
	for (value = 0; value <= U8_MAX; value++) {
		memset(&control, 0, sizeof(control));
		message[4] = value;
		KUNIT_EXPECT_EQ(test,
				value > 1 ? SLUICE_ALERT_ILLEGAL_PARAMETER : 0,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 0, message,
				      sizeof(message)));
		KUNIT_EXPECT_EQ(test, value < 2, result.key_update);
		KUNIT_EXPECT_EQ(test, value == 1, result.update_requested);
	}
}

/* Messages in one record; a KeyUpdate only as the last one. */
static void control_coalesced(struct kunit *test)
{
	u8 record[2 * sizeof(ticket) + sizeof(key_update) + 1] = {};
	struct sluice_control_result result;
	struct sluice_control control = {};

	memcpy(record, ticket, sizeof(ticket));
	memcpy(record + sizeof(ticket), ticket, sizeof(ticket));
	memcpy(record + 2 * sizeof(ticket), key_update, sizeof(key_update));
	KUNIT_EXPECT_EQ(test, 0,
			parse(&control, &result, SLUICE_RECORD_HANDSHAKE, 7,
			      record, sizeof(record) - 1));
	KUNIT_EXPECT_EQ(test, 2, result.tickets);
	KUNIT_EXPECT_TRUE(test, result.key_update);

	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_UNEXPECTED_MESSAGE,
			parse(&control, &result, SLUICE_RECORD_HANDSHAKE, 0,
			      record, sizeof(record)));
}

/* A message over two records, at every place. */
static void control_split(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control;
	size_t at;

	for (at = 1; at < sizeof(ticket); at++) {
		memset(&control, 0, sizeof(control));
		KUNIT_EXPECT_EQ(test, 0,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 3, ticket, at));
		KUNIT_EXPECT_EQ(test, 0, result.tickets);
		KUNIT_EXPECT_EQ(test, 0,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 4, ticket + at,
				      sizeof(ticket) - at));
		KUNIT_EXPECT_EQ(test, 1, result.tickets);
	}
	for (at = 1; at < sizeof(key_update); at++) {
		memset(&control, 0, sizeof(control));
		KUNIT_EXPECT_EQ(test, 0,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 3, key_update,
				      at));
		KUNIT_EXPECT_FALSE(test, result.key_update);
		KUNIT_EXPECT_EQ(test, 0,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 4,
				      key_update + at,
				      sizeof(key_update) - at));
		KUNIT_EXPECT_TRUE(test, result.key_update);
	}
}

/* Data, or an alert, between the parts of a message. */
static void control_interleaved(struct kunit *test)
{
	const u8 close_notify[] = { 1, 0 };
	struct sluice_control_result result;
	struct sluice_control control = {};

	KUNIT_EXPECT_EQ(test, 0,
			parse(&control, &result, SLUICE_RECORD_HANDSHAKE, 3,
			      ticket, 9));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_UNEXPECTED_MESSAGE,
			parse(&control, &result, SLUICE_RECORD_HANDSHAKE, 5,
			      ticket + 9, sizeof(ticket) - 9));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_UNEXPECTED_MESSAGE,
			parse(&control, &result, SLUICE_RECORD_ALERT, 4,
			      close_notify, sizeof(close_notify)));
}

static void control_alerts(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control = {};
	unsigned int alert, level;
	u8 record[3] = {};

	for (alert = 0; alert <= U8_MAX; alert++) {
		for (level = 0; level <= U8_MAX; level += 51) {
			record[0] = level;
			record[1] = alert;
			KUNIT_EXPECT_EQ(test, 0,
					parse(&control, &result,
					      SLUICE_RECORD_ALERT, 0, record,
					      2));
			KUNIT_EXPECT_EQ(test, alert, result.alert);
		}
	}
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_DECODE_ERROR,
			parse(&control, &result, SLUICE_RECORD_ALERT, 0,
			      record, 0));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_DECODE_ERROR,
			parse(&control, &result, SLUICE_RECORD_ALERT, 0,
			      record, 1));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_DECODE_ERROR,
			parse(&control, &result, SLUICE_RECORD_ALERT, 0,
			      record, 3));
}

static void control_types(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control = {};
	unsigned int type;

	for (type = 0; type <= U8_MAX; type++) {
		if (type == SLUICE_RECORD_ALERT ||
		    type == SLUICE_RECORD_HANDSHAKE)
			continue;
		KUNIT_EXPECT_EQ(test, SLUICE_ALERT_UNEXPECTED_MESSAGE,
				parse(&control, &result, type, 0, ticket,
				      sizeof(ticket)));
	}
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_UNEXPECTED_MESSAGE,
			parse(&control, &result, SLUICE_RECORD_HANDSHAKE, 0,
			      ticket, 0));
}

static void control_messages(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control;
	u8 message[sizeof(ticket)];
	unsigned int type;

	memcpy(message, ticket, sizeof(message));
	for (type = 0; type <= U8_MAX; type++) {
		if (type == SLUICE_HANDSHAKE_TICKET)
			continue;
		memset(&control, 0, sizeof(control));
		message[0] = type;
		KUNIT_EXPECT_EQ(test,
				type == SLUICE_HANDSHAKE_KEY_UPDATE ?
				SLUICE_ALERT_DECODE_ERROR :
				SLUICE_ALERT_UNEXPECTED_MESSAGE,
				parse(&control, &result,
				      SLUICE_RECORD_HANDSHAKE, 0, message,
				      sizeof(message)));
	}
}

/* The bounds of a ticket's length: 14 and 8 + 256 + 65537 + 65537 octets. */
static void control_lengths(struct kunit *test)
{
	const u32 min = 14, max = 8 + 256 + 65537 + 65537;
	static const u32 lengths[] = {
		0, 1, 2, min - 1, min, min + 1, max - 1, max, max + 1,
		0x7fffff, 0xffffff
	};
	struct sluice_control_result result;
	struct sluice_control control;
	u8 header[SLUICE_HANDSHAKE_HEADER_LEN] = { SLUICE_HANDSHAKE_TICKET };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(&control, 0, sizeof(control));
		put_unaligned_be24(lengths[i], header + 1);
		KUNIT_EXPECT_EQ_MSG(test,
				    lengths[i] < min || lengths[i] > max ?
				    SLUICE_ALERT_DECODE_ERROR : 0,
				    parse(&control, &result,
					  SLUICE_RECORD_HANDSHAKE, 0, header,
					  sizeof(header)),
				    "length %u", lengths[i]);
	}
}

/*
 * Every bit of a ticket and of a KeyUpdate flipped, and each of them cut at
 * every length: never more than what was sent is understood.
 */
static void control_flips(struct kunit *test)
{
	struct sluice_control_result result;
	struct sluice_control control;
	u8 message[sizeof(ticket) + sizeof(key_update)];
	size_t bit, len;
	int rc;

	for (bit = 0; bit < 8 * sizeof(message); bit++) {
		for (len = 1; len <= sizeof(message); len++) {
			memcpy(message, ticket, sizeof(ticket));
			memcpy(message + sizeof(ticket), key_update,
			       sizeof(key_update));
			message[bit / 8] ^= 1 << bit % 8;

			memset(&control, 0, sizeof(control));
			rc = parse(&control, &result, SLUICE_RECORD_HANDSHAKE,
				   0, message, len);
			KUNIT_EXPECT_GE(test, rc, 0);
			KUNIT_EXPECT_LE(test, result.tickets, 1);
			KUNIT_EXPECT_LE(test, control.header_len,
					sizeof(control.header));
			KUNIT_EXPECT_TRUE(test, !result.key_update ||
					  len == sizeof(message));
			/* A header that is off can't be taken for sound. */
			if (!rc && bit < 8 && len >= 4)
				KUNIT_FAIL(test, "type bit %zu taken", bit);
		}
	}
}

static struct kunit_case control_test_cases[] = {
	KUNIT_CASE(control_ticket),
	KUNIT_CASE(control_key_update),
	KUNIT_CASE(control_coalesced),
	KUNIT_CASE(control_split),
	KUNIT_CASE(control_interleaved),
	KUNIT_CASE(control_alerts),
	KUNIT_CASE(control_types),
	KUNIT_CASE(control_messages),
	KUNIT_CASE(control_lengths),
	KUNIT_CASE(control_flips),
	{}
};

static struct kunit_suite control_test_suite = {
	.name = "sluice_control",
	.test_cases = control_test_cases,
};

kunit_test_suite(control_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's judging of control records");
MODULE_LICENSE("GPL");
