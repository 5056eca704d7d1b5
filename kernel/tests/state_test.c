// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of state.c: every event in every state. */
#include <kunit/test.h>

#include "../state.h"

#define STATES	(SLUICE_SESSION_FAILED + 1)
#define EVENTS	(SLUICE_EVENT_CLOSED + 1)

static bool is_end(enum sluice_session_state state)
{
	return state == SLUICE_SESSION_CLOSED || state == SLUICE_SESSION_FAILED;
}

static void state_order(struct kunit *test)
{
	int state, event;

	for (state = 0; state < STATES; state++) {
		for (event = 0; event < EVENTS; event++) {
			enum sluice_session_state next =
				sluice_state_next(state, event);

			KUNIT_EXPECT_GE_MSG(test, (int)next, state,
					    "event %d leads back", event);
			KUNIT_EXPECT_LT(test, (int)next, STATES);
			if (is_end(state))
				KUNIT_EXPECT_EQ(test, (int)next, state);
		}
	}
}

static void state_forward(struct kunit *test)
{
	static const struct {
		u8 state, event, next;
	} moves[] = {
		{ SLUICE_SESSION_NEW, SLUICE_EVENT_HANDSHAKE,
		  SLUICE_SESSION_HANDSHAKING },
		{ SLUICE_SESSION_NEW, SLUICE_EVENT_OPENED,
		  SLUICE_SESSION_OPEN },
		{ SLUICE_SESSION_HANDSHAKING, SLUICE_EVENT_OPENED,
		  SLUICE_SESSION_OPEN },
		{ SLUICE_SESSION_OPEN, SLUICE_EVENT_SHUTDOWN,
		  SLUICE_SESSION_CLOSING },
		{ SLUICE_SESSION_CLOSING, SLUICE_EVENT_ENDED,
		  SLUICE_SESSION_CLOSED },
	};
	int state, event;
	size_t i;

	for (state = 0; state < STATES; state++) {
		for (event = 0; event < EVENTS; event++) {
			enum sluice_session_state want = state;

			for (i = 0; i < ARRAY_SIZE(moves); i++)
				if (moves[i].state == state &&
				    moves[i].event == event)
					want = moves[i].next;
			/* From anywhere, unless it is over. */
			if (!is_end(state) && event == SLUICE_EVENT_FAILED)
				want = SLUICE_SESSION_FAILED;
			if (!is_end(state) && event == SLUICE_EVENT_CLOSED)
				want = SLUICE_SESSION_CLOSED;
			KUNIT_EXPECT_EQ_MSG(test, sluice_state_next(state, event),
					    want, "state %d, event %d", state,
					    event);
		}
	}
}

static struct kunit_case state_test_cases[] = {
	KUNIT_CASE(state_order),
	KUNIT_CASE(state_forward),
	{}
};

static struct kunit_suite state_test_suite = {
	.name = "sluice_state",
	.test_cases = state_test_cases,
};

kunit_test_suite(state_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the states of Sluice's sessions");
MODULE_LICENSE("GPL");
