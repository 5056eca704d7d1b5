// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a session: one table, and nothing else that decides.
 *
 *	NEW --> HANDSHAKING --> OPEN --> CLOSING --> CLOSED
 *
 * FAILED is reached from each of the first four. A state is never left for an
 * earlier one, and CLOSED and FAILED are never left.
 */
#include <kunit/visibility.h>
#include <linux/array_size.h>
#include <linux/bug.h>
#include <linux/export.h>

#include "state.h"

#define STAY 0xff

/* Rows: the state; columns: the event. */
static const u8 transitions[][SLUICE_EVENT_CLOSED + 1] = {
	[SLUICE_SESSION_NEW] = {
		[SLUICE_EVENT_HANDSHAKE] = SLUICE_SESSION_HANDSHAKING,
		[SLUICE_EVENT_OPENED] = SLUICE_SESSION_OPEN,
		[SLUICE_EVENT_SHUTDOWN] = STAY,
		[SLUICE_EVENT_ENDED] = STAY,
		[SLUICE_EVENT_FAILED] = SLUICE_SESSION_FAILED,
		[SLUICE_EVENT_CLOSED] = SLUICE_SESSION_CLOSED,
	},
	[SLUICE_SESSION_HANDSHAKING] = {
		[SLUICE_EVENT_HANDSHAKE] = STAY,
		[SLUICE_EVENT_OPENED] = SLUICE_SESSION_OPEN,
		[SLUICE_EVENT_SHUTDOWN] = STAY,
		[SLUICE_EVENT_ENDED] = STAY,
		[SLUICE_EVENT_FAILED] = SLUICE_SESSION_FAILED,
		[SLUICE_EVENT_CLOSED] = SLUICE_SESSION_CLOSED,
	},
	[SLUICE_SESSION_OPEN] = {
		[SLUICE_EVENT_HANDSHAKE] = STAY,
		[SLUICE_EVENT_OPENED] = STAY,
		[SLUICE_EVENT_SHUTDOWN] = SLUICE_SESSION_CLOSING,
		[SLUICE_EVENT_ENDED] = STAY,
		[SLUICE_EVENT_FAILED] = SLUICE_SESSION_FAILED,
		[SLUICE_EVENT_CLOSED] = SLUICE_SESSION_CLOSED,
	},
	[SLUICE_SESSION_CLOSING] = {
		[SLUICE_EVENT_HANDSHAKE] = STAY,
		[SLUICE_EVENT_OPENED] = STAY,
		[SLUICE_EVENT_SHUTDOWN] = STAY,
		[SLUICE_EVENT_ENDED] = SLUICE_SESSION_CLOSED,
		[SLUICE_EVENT_FAILED] = SLUICE_SESSION_FAILED,
		[SLUICE_EVENT_CLOSED] = SLUICE_SESSION_CLOSED,
	},
	[SLUICE_SESSION_CLOSED] = { STAY, STAY, STAY, STAY, STAY, STAY },
	[SLUICE_SESSION_FAILED] = { STAY, STAY, STAY, STAY, STAY, STAY },
};

/**
 * sluice_state_next() - where an event leads
 * @state: the present state
 * @event: what has happened
 *
 * Return: the next state; @state itself where the event comes too late, or too
 *	early, to count.
 */
enum sluice_session_state sluice_state_next(enum sluice_session_state state,
					    enum sluice_session_event event)
{
	u8 next;

	BUILD_BUG_ON(ARRAY_SIZE(transitions) != SLUICE_SESSION_FAILED + 1);
	next = transitions[state][event];
	return next == STAY ? state : next;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_state_next);
